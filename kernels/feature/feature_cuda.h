// SPDX-License-Identifier: Apache-2.0
// Elementwise feature kernels over columns in device memory: the formulas of feature_list.h.
//
//   values[r, c] = features[c](values[r, c])     (n_rows, width), row-major
//
// The least index of a finite value without a finite result is noted, so that a message can name
// its row and column.
// Determinism: elementwise; the least index is the same whoever finds it.
// See also: feature_kernel.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/feature/feature_list.h"

namespace reprotrain::kernels {

/// What first_fault holds when there was none.
inline constexpr uint64_t kNoFault = ~uint64_t{0};

/// For every Feature of the list. `features` (width), `values` and `first_fault` (1) lie in device
/// memory; `first_fault` holds kNoFault or a smaller index before. Throws CudaError.
template <typename Feature>
void apply_feature_cuda(const Feature* features, int64_t width, float* values, int64_t n_rows,
                        uint64_t* first_fault, cudaStream_t stream);

}  // namespace reprotrain::kernels
