// SPDX-License-Identifier: Apache-2.0
// Numbers as little-endian bytes, for hashes and streams.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace reprotrain::engine {

static_assert(std::endian::native == std::endian::little, "reprotrain supports little-endian CPUs");

/// The number at `bytes`, which need not be aligned.
template <typename T>
requires std::is_arithmetic_v<T> T load_little_endian(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// Appends a number to a container of one-byte elements (std::string, std::vector<std::byte>).
template <typename Container, typename T>
requires std::is_arithmetic_v<T>
void append_little_endian(Container& out, T value) {
  const size_t end = out.size();
  out.resize(end + sizeof value);
  std::memcpy(out.data() + end, &value, sizeof value);
}

}  // namespace reprotrain::engine
