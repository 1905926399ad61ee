// SPDX-License-Identifier: Apache-2.0
// Events as messages through a pipe: the side of the parent, which believes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_wire.h"

namespace reprotrain::engine {

/// Holds the grammar of Hdf5Visitor, the limits and the counts of elements against every message,
/// and passes on what is sound. Everything else is Error(kData) with a sentence about `path`.
class WireChecker {
 public:
  WireChecker(const std::string& path, const Hdf5Limits& limits, Hdf5Visitor& visitor)
      : path_(path), limits_(limits), visitor_(visitor) {}

  /// Throws unless a message may start with this header.
  void check_header(const WireHeader& header) const;
  /// Takes one message whose header was accepted.
  void accept(WireKind kind, std::span<const std::byte> payload);
  /// True after the last message of a complete file.
  bool finished() const noexcept { return finished_; }

 private:
  /// Elements that a dataset or an attribute still has to deliver.
  struct Value {
    Hdf5Type type;
    int64_t elements_left = 0;
    int64_t bytes_left = 0;  ///< limit
  };
  struct OpenObject {
    bool is_dataset = false;
    std::string path;  ///< "" for the root, else "/a/b"
    std::string last_attribute;
    std::string last_link;
    bool past_attributes = false;
    Value value;  ///< of a dataset
  };

  void begin_group(std::string_view payload);
  void end_group();
  void begin_dataset(std::string_view payload);
  void end_dataset();
  void begin_attribute(std::string_view payload);
  void end_attribute();
  void accept_data(std::span<const std::byte> elements);

  void open_object(const std::string& name, bool is_dataset);
  void count_object();
  OpenObject& innermost(bool is_dataset);
  Value expect(const Hdf5Header& header, int64_t limit_bytes, const std::string& place) const;
  std::string place() const;
  [[noreturn]] void fail(const std::string& sentence) const;
  void require(bool sound) const;

  const std::string& path_;
  const Hdf5Limits& limits_;
  Hdf5Visitor& visitor_;
  std::vector<OpenObject> open_;
  std::optional<Value> attribute_;
  int64_t n_objects_ = 0;
  int64_t decoded_bytes_left_ = limits_.decoded_bytes;
  bool finished_ = false;
};

}  // namespace reprotrain::engine
