// SPDX-License-Identifier: Apache-2.0
// Writing large HDF5 files from memory that stays where it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/hdf5_tree.h"
#include "engine/data/hdf5_visitor.h"

namespace reprotrain::engine {

/// An HDF5 file under construction. Equal sequences of calls give equal bytes (hdf5_output.h).
///
/// Paths are slash-separated and absolute or relative to the root; groups are created on the way.
/// Nothing is copied: `values` is written from where it lies. Failures are Error(kEnvironment).
class Hdf5Writer {
 public:
  /// Creates or truncates the file. Prefer write_hdf5_file, which makes it atomic.
  explicit Hdf5Writer(const std::string& path);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void group(const std::string& path);

  /// `values`: product(shape) numbers of `type`, row-major; not for kString.
  void dataset(const std::string& path, ElementType type, std::span<const int64_t> shape,
               const void* values);
  /// Strings of one dimension.
  void dataset(const std::string& path, std::span<const std::string> values);
  void dataset(const std::string& path, const Array& value);

  /// Attribute of an object that exists; "/" is the root.
  void attribute(const std::string& object, const std::string& name, const Array& value);

  /// Flushes and closes; without it the file is not whole.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a file atomically: `fill` adds the content, the rest is as write_hdf5 does it.
void write_hdf5_file(const std::string& path, const std::function<void(Hdf5Writer&)>& fill);

/// Events into a file: the writer at the end of a canonical stream. Types are integers, floats and
/// strings.
class Hdf5FileSink final : public Hdf5Visitor {
 public:
  explicit Hdf5FileSink(const std::string& path);
  ~Hdf5FileSink() override;
  Hdf5FileSink(const Hdf5FileSink&) = delete;
  Hdf5FileSink& operator=(const Hdf5FileSink&) = delete;

  void begin_group(std::string_view name) override;
  void end_group() override;
  void begin_dataset(std::string_view name, const Hdf5Header& header) override;
  void end_dataset() override;
  void begin_attribute(std::string_view name, const Hdf5Header& header) override;
  void end_attribute() override;
  void data(std::span<const std::byte> elements) override;

  /// Flushes and closes; without it the file is not whole.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprotrain::engine
