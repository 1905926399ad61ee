// SPDX-License-Identifier: Apache-2.0
// Exact sums of arrays in device memory: the sums of exact_sum.h.
//
//   clear an accumulator, add arrays to it in many calls, round it
//
// Why: one pass over memory; loss totals, gradient norms, column statistics. 1,024 bytes or less
// hold a sum, so that chunks, streams and devices can have one each and merge.
// Requires: device pointers; no more than 2^30 blocks add to an accumulator in all (blocks_for():
//   8 a multiprocessor at most in a call, so about a million calls on a device that has 128), merged
//   accumulators counting with theirs. Everything happens in the order of `stream`. Throws CudaError.
// Determinism: the grid, the method and the cut into calls never reach a result.
// See also: exact_sum.h (rules for NaN, infinities and zero), thread_limbs_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/reduce/sum_accumulator.h"

namespace reprotrain::kernels {

/// Sums of binary32 numbers or their squares, and sums of binary64 numbers.
using ExactSumAccumulator = SumAccumulator<ExactSum>;
using ExactSum64Accumulator = SumAccumulator<ExactSum64>;

/// Makes `n` accumulators empty sums.
void clear_sums_cuda(ExactSumAccumulator* sums, int64_t n, cudaStream_t stream);
void clear_sums_cuda(ExactSum64Accumulator* sums, int64_t n, cudaStream_t stream);

/// Adds n terms, or their exact squares.
void add_terms_cuda(const float* terms, int64_t n, ExactSumAccumulator* sum, cudaStream_t stream,
                    SumMethod method = SumMethod::kByDevice);
void add_terms_cuda(const double* terms, int64_t n, ExactSum64Accumulator* sum, cudaStream_t stream,
                    SumMethod method = SumMethod::kByDevice);
void add_squares_cuda(const float* terms, int64_t n, ExactSumAccumulator* sum, cudaStream_t stream,
                      SumMethod method = SumMethod::kByDevice);

/// Adds accumulator i of `others` to accumulator i of `sums`.
void merge_sums_cuda(const ExactSumAccumulator* others, ExactSumAccumulator* sums, int64_t n,
                     cudaStream_t stream);

/// Rounds n sums once each.
void round_sums_cuda(const ExactSumAccumulator* sums, int64_t n, float* results,
                     cudaStream_t stream);
void round_sums_cuda(const ExactSumAccumulator* sums, int64_t n, double* results,
                     cudaStream_t stream);
void round_sums_cuda(const ExactSum64Accumulator* sums, int64_t n, double* results,
                     cudaStream_t stream);
/// sqrt(f64(sum)), the root in binary64: norms from sums of squares.
void round_norms_cuda(const ExactSumAccumulator* sums, int64_t n, double* results,
                      cudaStream_t stream);

}  // namespace reprotrain::kernels
