// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gather.h"

#include <algorithm>
#include <cassert>

namespace reprotrain::engine {

namespace {

/// Fewest elements worth another thread: rows come from anywhere in memory.
constexpr int64_t kGrainElements = 4096;

}  // namespace

void gather_rows(std::span<const float> values, int64_t n_features, std::span<const int64_t> rows,
                 std::span<float> batch, const kernels::Parallel& parallel) {
  const auto n_rows = static_cast<int64_t>(rows.size());
  assert(static_cast<int64_t>(batch.size()) >= n_rows * n_features);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / std::max<int64_t>(1, n_features));
  parallel.for_ranges(n_rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* row = values.data() + rows[static_cast<size_t>(i)] * n_features;
      std::copy_n(row, n_features, batch.data() + i * n_features);
    }
  });
}

}  // namespace reprotrain::engine
