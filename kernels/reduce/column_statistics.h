// SPDX-License-Identifier: Apache-2.0
// Statistics of one column over chosen rows, missing values (NaN) left out.
//
//   mean     = f64(sum x / n)                            one rounding of the exact rational
//   variance = f64((n * sum x^2 - (sum x)^2) / n^2)      population variance, one rounding
//   median   = the middle of the values in order; for even n: (a + b) / 2 in binary64
//
// Why: fitted features must not depend on the order or the cut of the rows; the textbook one-pass
// and Welford formulas do.
// Rules: no value at all gives NaN. Infinities give the mean what exact_sum.h says and the variance
// NaN. Minimum, maximum and median use the total order in which -0 lies below +0.
// See also: column_moments.cpp, moment_sums.h, docs/arithmetic.md "Exact sums".
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// Value i is data[rows[i] * stride].
struct StridedColumn {
  const float* data;
  int64_t stride;
  std::span<const int64_t> rows;
};

struct ColumnMoments {
  int64_t count;  ///< values that are not missing
  float min;
  float max;
  double mean;
  double variance;  ///< of the population: divided by count
};

/// One pass on this thread; at most 2^40 rows.
ColumnMoments column_moments(const StridedColumn& column);

/// The moments of every column of `m` over `rows`, which name rows of it in any order, some more
/// than once if need be. One pass, threaded over the rows. `moments` (n_columns).
void column_moments(ConstMatrixView m, std::span<const int64_t> rows,
                    std::span<ColumnMoments> moments, const Parallel& parallel);

/// The same over all rows of `m`, each once.
void column_moments(ConstMatrixView m, std::span<ColumnMoments> moments, const Parallel& parallel);

/// Work space: 4 bytes per row.
double column_median(const StridedColumn& column);

/// The value that occurs most often, the smallest one where several do. -0 counts as +0.
/// Work space: 4 bytes per row.
float column_most_frequent(const StridedColumn& column);

}  // namespace reprotrain::kernels
