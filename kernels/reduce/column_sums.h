// SPDX-License-Identifier: Apache-2.0
// Column sums of a matrix: the gradient of a bias or of a layer norm's scale, from a batch of rows.
//
//   sums[c] = f32(m[0][c] + m[1][c] + ... + m[n_rows - 1][c]),   the exact sum, rounded once
//
// Why: runs once per layer and training step (32-1024 rows, 10-512 columns), so it is built on the
// vectorised tiles of grid_tile.h and falls back to ExactSum for columns of extreme range.
// Determinism: invariant under threads, row order, and any cut of the batch into shards that merge
// their ExactSum. Rules for NaN, infinities and zero: exact_sum.h.
#pragma once

#include <span>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {

/// `m` (n_rows, n_columns); `sums` (n_columns). No rows give +0.
void exact_column_sums(ConstMatrixView m, std::span<float> sums, const Parallel& parallel);

/// Adds the elements of column c to sums[c], on this thread: part of a sum over more rows.
void add_column_sums(ConstMatrixView m, std::span<ExactSum> sums);

}  // namespace reprotrain::kernels
