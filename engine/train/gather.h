// SPDX-License-Identifier: Apache-2.0
// Copies the rows of a batch out of a matrix.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// Row rows[i] of the row-major matrix `values`, `n_features` wide, becomes row i of `batch`, which
/// has room for them.
void gather_rows(std::span<const float> values, int64_t n_features, std::span<const int64_t> rows,
                 std::span<float> batch, const kernels::Parallel& parallel);

}  // namespace reprotrain::engine
