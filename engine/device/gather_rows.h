// SPDX-License-Identifier: Apache-2.0
// Copies the rows of a batch out of a matrix in memory of the host.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// Row rows[i] of the row-major matrix `from`, whose rows have `row_bytes`, becomes row i of `to`, which
/// has room for them.
void gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows, void* to,
                 const kernels::Parallel& parallel);

}  // namespace reprotrain::engine
