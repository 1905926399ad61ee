// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/tile_digest.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kLaneBytes = 16;
constexpr int64_t kGrainLanes = int64_t{1} << 11;

/// Sums whole lanes that lie one after the other in memory; `first` is the index of the first one.
Digest128 digest_of_lanes(const void* data, int64_t n_lanes, DigestKey key, uint64_t first) {
  const char* bytes = static_cast<const char*>(data);
  Digest128 sum;
  for (int64_t i = 0; i < n_lanes; ++i) {
    uint64_t half[2];
    memcpy(half, bytes + i * kLaneBytes, sizeof half);
    sum.merge(mixed_lane(half[0], half[1], key, first + static_cast<uint64_t>(i)));
  }
  return sum;
}

bool any_nan(std::span<const float> values) {
  int32_t found = 0;  // signed comparisons: every vector instruction set has them
  for (const float value : values) {
    found |= static_cast<int32_t>(bits_of(value) & 0x7fffffffu) > 0x7f800000 ? 1 : 0;
  }
  return found != 0;
}

/// How whole lanes of elements become bytes; `first` is the index of the first lane.
Digest128 digest_of_part(std::span<const int64_t> values, DigestKey key, uint64_t first) {
  return digest_of_lanes(values.data(), static_cast<int64_t>(values.size()) / 2, key, first);
}

Digest128 digest_of_part(std::span<const float> values, DigestKey key, uint64_t first) {
  constexpr size_t kBlock = 4096;  // stays in the first-level cache between the two looks at it
  Digest128 sum;
  for (; !values.empty(); first += kBlock / 4) {
    const std::span<const float> block = values.first(std::min(kBlock, values.size()));
    values = values.subspan(block.size());
    const auto n_lanes = static_cast<int64_t>(block.size() / 4);
    if (any_nan(block)) {
      float clean[kBlock];
      std::transform(block.begin(), block.end(), clean, [](float x) { return canonical(x); });
      sum.merge(digest_of_lanes(clean, n_lanes, key, first));
    } else {
      sum.merge(digest_of_lanes(block.data(), n_lanes, key, first));
    }
  }
  return sum;
}

template <typename T>
Digest128 digest_of_tail(std::span<const T> tail, DigestKey key, uint64_t index) {
  T padded[kLaneBytes / sizeof(T)] = {};
  std::copy(tail.begin(), tail.end(), padded);
  return digest_of_part(std::span<const T>(padded), key, index);
}

template <typename T>
Digest128 digest_of_tensor(std::span<const T> values, uint64_t tensor_id, DigestType type,
                           const Parallel& parallel) {
  constexpr auto kPerLane = static_cast<int64_t>(kLaneBytes / sizeof(T));
  const DigestKey key = digest_key(tensor_id);
  const int64_t n_lanes = static_cast<int64_t>(values.size()) / kPerLane;
  Digest128 sum;
  std::mutex merging;
  parallel.for_ranges(n_lanes, kGrainLanes, [&](int64_t begin, int64_t end) {
    const auto part = values.subspan(static_cast<size_t>(begin * kPerLane),
                                     static_cast<size_t>((end - begin) * kPerLane));
    const Digest128 of_part = digest_of_part(part, key, static_cast<uint64_t>(begin));
    const std::lock_guard lock(merging);
    sum.merge(of_part);
  });
  const auto tail = values.subspan(static_cast<size_t>(n_lanes * kPerLane));
  if (!tail.empty()) sum.merge(digest_of_tail(tail, key, static_cast<uint64_t>(n_lanes)));
  sum.merge(mixed_lane(values.size(), static_cast<uint64_t>(type), key, ~uint64_t{0}));
  return sum;
}

}  // namespace

std::string Digest128::hex() const {
  std::string text;
  for (const uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      text.push_back("0123456789abcdef"[half >> shift & 15]);
    }
  }
  return text;
}

Digest128 tile_digest(std::span<const float> values, uint64_t tensor_id, const Parallel& parallel) {
  return digest_of_tensor(values, tensor_id, DigestType::kFloat32, parallel);
}

Digest128 tile_digest(std::span<const int64_t> values, uint64_t tensor_id,
                      const Parallel& parallel) {
  return digest_of_tensor(values, tensor_id, DigestType::kInt64, parallel);
}

}  // namespace reprotrain::kernels
