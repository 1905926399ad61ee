// SPDX-License-Identifier: Apache-2.0
// The correctly rounded functions over arrays: the bits of elementary.h, several at a time.
//
// Each reads n floats at x and writes f of them at y, on the calling thread. y may be x;
//   otherwise the two must not overlap. n = 0 is fine.
// Why: the estimates vectorise, the rare decision does not. Quick estimates of a block run in a
//   vector loop first; the few elements that they leave undecided (one in 2700) are then settled one
//   by one, many of them by a second loop over the block in binary64, which leaves about one in 2^19.
// Determinism: the same bits for every width, block and position.
// See also: kernels/base/vector_loop.h.
#pragma once

#include <cstdint>

namespace reprotrain::kernels::rounded {

void exp_array(const float* x, float* y, int64_t n);
void log_array(const float* x, float* y, int64_t n);
void log1p_array(const float* x, float* y, int64_t n);
void expm1_array(const float* x, float* y, int64_t n);
void tanh_array(const float* x, float* y, int64_t n);
void sigmoid_array(const float* x, float* y, int64_t n);
void erf_array(const float* x, float* y, int64_t n);
void gelu_array(const float* x, float* y, int64_t n);
void gelu_derivative_array(const float* x, float* y, int64_t n);

}  // namespace reprotrain::kernels::rounded
