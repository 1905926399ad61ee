// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/tile_digest.h"

#include <algorithm>
#include <mutex>

#include "kernels/base/float_bits.h"
#include "kernels/base/vector_loop.h"
#include "kernels/digest/mixed_lanes.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kLaneBytes = 16;
constexpr int64_t kGrainLanes = int64_t{1} << 11;

/// Whether a block holds a NaN: comparisons of neighbours that are not ordered tell.
struct FindNan {
  std::span<const float> values;
  bool& found;

  RPT_HD void operator()(int64_t /*row*/) const {
    constexpr size_t kTogether = 32;
    int32_t lanes[kTogether / 2] = {};
    size_t i = 0;
    for (; i + kTogether <= values.size(); i += kTogether) {
      const float* x = values.data() + i;
      for (size_t j = 0; j < kTogether / 2; ++j) {
        lanes[j] |= __builtin_isunordered(x[j], x[j + kTogether / 2]) != 0 ? -1 : 0;
      }
    }
    int32_t any = 0;
    for (const int32_t lane : lanes) any |= lane;
    for (; i < values.size(); ++i) any |= is_nan(values[i]) ? -1 : 0;
    found = any != 0;
  }
};

bool any_nan(std::span<const float> values) {
  bool found = false;
  row_loop(FindNan{values, found}, 0, 1);
  return found;
}

/// How whole lanes of elements become bytes; `first` is the index of the first lane.
Digest128 digest_of_part(std::span<const int64_t> values, DigestKey key, uint64_t first) {
  return sum_of_mixed_lanes(values.data(), static_cast<int64_t>(values.size()) / 2, key, first);
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
      sum.merge(sum_of_mixed_lanes(clean, n_lanes, key, first));
    } else {
      sum.merge(sum_of_mixed_lanes(block.data(), n_lanes, key, first));
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
