// SPDX-License-Identifier: Apache-2.0
// sum[i] = a[i] + b[i], one binary32 addition an element.
//
// Why: where the branches of a residual layer meet, forward and backward.
// Determinism: element by element. NaN payloads are free here.
// See also: docs/arithmetic.md "Configured networks".
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/parallel.h"
#include "kernels/base/require.h"

namespace reprotrain::kernels {

/// `sum` may be `a` or `b`.
inline void add(std::span<const float> a, std::span<const float> b, std::span<float> sum,
                const Parallel& parallel) {
  constexpr int64_t kGrain = 16384;
  require(a.size() == sum.size() && b.size() == sum.size(), "add: sizes differ");
  parallel.for_ranges(static_cast<int64_t>(sum.size()), kGrain, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      sum[i] = a[i] + b[i];
    }
  });
}

}  // namespace reprotrain::kernels
