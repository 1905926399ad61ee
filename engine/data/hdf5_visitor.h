// SPDX-License-Identifier: Apache-2.0
// An HDF5 file as a sequence of events, whoever produces them and whoever consumes them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "engine/data/hdf5_type.h"

namespace reprotrain::engine {

/// Consumes a file in its one canonical order: for each group its attributes, then its links; for
/// each dataset its attributes, then its data; names ascending by bytes. The root group's name
/// is "".
///
///   group   = begin_group attribute* (group | dataset)* end_group
///   dataset = begin_dataset attribute* data* end_dataset
///   attribute = begin_attribute data* end_attribute
///
/// `data` belongs to the attribute or dataset that is open. Its pieces hold whole elements as
/// logical bytes (hdf5_type.h), in row-major order, and add up to the header's number of elements.
class Hdf5Visitor {
 public:
  virtual ~Hdf5Visitor() = default;
  virtual void begin_group(std::string_view name) = 0;
  virtual void end_group() = 0;
  virtual void begin_dataset(std::string_view name, const Hdf5Header& header) = 0;
  virtual void end_dataset() = 0;
  virtual void begin_attribute(std::string_view name, const Hdf5Header& header) = 0;
  virtual void end_attribute() = 0;
  virtual void data(std::span<const std::byte> elements) = 0;
};

/// Events that come from one source for two consumers.
class Hdf5Tee final : public Hdf5Visitor {
 public:
  Hdf5Tee(Hdf5Visitor& first, Hdf5Visitor& second) : first_(first), second_(second) {}

  void begin_group(std::string_view name) override {
    first_.begin_group(name);
    second_.begin_group(name);
  }
  void end_group() override {
    first_.end_group();
    second_.end_group();
  }
  void begin_dataset(std::string_view name, const Hdf5Header& header) override {
    first_.begin_dataset(name, header);
    second_.begin_dataset(name, header);
  }
  void end_dataset() override {
    first_.end_dataset();
    second_.end_dataset();
  }
  void begin_attribute(std::string_view name, const Hdf5Header& header) override {
    first_.begin_attribute(name, header);
    second_.begin_attribute(name, header);
  }
  void end_attribute() override {
    first_.end_attribute();
    second_.end_attribute();
  }
  void data(std::span<const std::byte> elements) override {
    first_.data(elements);
    second_.data(elements);
  }

 private:
  Hdf5Visitor& first_;
  Hdf5Visitor& second_;
};

}  // namespace reprotrain::engine
