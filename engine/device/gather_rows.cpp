// SPDX-License-Identifier: Apache-2.0
#include "engine/device/gather_rows.h"

#include <algorithm>
#include <cstring>

namespace reprotrain::engine {

namespace {

/// Fewest bytes worth another thread: rows come from anywhere in memory.
constexpr int64_t kGrainBytes = 16384;

}  // namespace

void gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows, void* to,
                 const kernels::Parallel& parallel) {
  if (row_bytes == 0) return;
  const auto* source = static_cast<const unsigned char*>(from);
  auto* target = static_cast<unsigned char*>(to);
  parallel.for_ranges(
      static_cast<int64_t>(rows.size()), std::max<int64_t>(1, kGrainBytes / row_bytes),
      [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          std::memcpy(target + i * row_bytes, source + rows[static_cast<size_t>(i)] * row_bytes,
                      static_cast<size_t>(row_bytes));
        }
      });
}

}  // namespace reprotrain::engine
