// SPDX-License-Identifier: Apache-2.0
// Types and shapes as bytes: what content ids hash and what the parsing child sends.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/data/hdf5_type.h"

namespace reprotrain::engine {

/// Length in 4 bytes, then the text.
void append_name(std::string& out, std::string_view name);

/// The encoding T(type) of docs/content-id.md.
void append_type(std::string& out, const Hdf5Type& type);

/// The encoding S(shape) of docs/content-id.md.
void append_shape(std::string& out, std::span<const int64_t> shape);

/// Reads the encodings back, trusting nothing: every accessor returns nullopt, and consumes an
/// unspecified part, when the bytes are not exactly what the append functions make.
class EncodingReader {
 public:
  explicit EncodingReader(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string> name();
  std::optional<Hdf5Type> type();
  std::optional<Hdf5Header> header();
  bool at_end() const { return rest_.empty(); }

 private:
  template <typename T>
  std::optional<T> number();
  std::optional<uint64_t> bits(int64_t size_bytes);
  std::optional<Hdf5Type> type(int depth);
  bool enumerators(Hdf5Type& type);
  bool members(Hdf5Type& type, int depth);

  std::string_view rest_;
};

/// Largest rank, and deepest nesting of compounds, that is read.
inline constexpr int kMaxRank = 32;
inline constexpr int kMaxCompoundDepth = 8;

}  // namespace reprotrain::engine
