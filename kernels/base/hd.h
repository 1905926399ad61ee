// SPDX-License-Identifier: Apache-2.0
// RPT_HD marks a function that is compiled, from one text, for the CPU and for CUDA devices.
#pragma once

#if defined(__FAST_MATH__)
#error "reprotrain's results are defined bit for bit: -ffast-math must not be used"
#endif

#if defined(__CUDACC__)
#define RPT_HD __host__ __device__ __forceinline__
#else
#define RPT_HD inline __attribute__((always_inline))
#endif
