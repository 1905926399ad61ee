// SPDX-License-Identifier: Apache-2.0
#include "kernels/feature/feature_cuda.h"

#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

template <typename Feature>
__global__ void feature_of_columns(const Feature* features, int64_t width, float* values,
                                   int64_t n_values, uint64_t* first_fault) {
  for (int64_t i = thread_of_grid(); i < n_values; i += threads_of_grid()) {
    const float result = features[i % width](values[i]);
    if (is_finite(values[i]) && !is_finite(result)) {
      atomicMin(reinterpret_cast<unsigned long long*>(first_fault),
                static_cast<unsigned long long>(i));
    }
    values[i] = result;
  }
}

}  // namespace

template <typename Feature>
void apply_feature_cuda(const Feature* features, int64_t width, float* values, int64_t n_rows,
                        uint64_t* first_fault, cudaStream_t stream) {
  const int64_t n_values = n_rows * width;
  if (n_values == 0) return;
  constexpr unsigned kThreads = 256;
  launch(feature_of_columns<Feature>, {blocks_for(n_values, kThreads), kThreads}, stream, features,
         width, values, n_values, first_fault);
}

template void apply_feature_cuda(const Clip*, int64_t, float*, int64_t, uint64_t*, cudaStream_t);
template void apply_feature_cuda(const LogOnePlus*, int64_t, float*, int64_t, uint64_t*,
                                 cudaStream_t);
template void apply_feature_cuda(const MinMax*, int64_t, float*, int64_t, uint64_t*, cudaStream_t);
template void apply_feature_cuda(const Standardize*, int64_t, float*, int64_t, uint64_t*,
                                 cudaStream_t);

}  // namespace reprotrain::kernels
