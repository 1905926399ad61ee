// SPDX-License-Identifier: Apache-2.0
// RPT_HD marks a function that is compiled, from one text, for the CPU and for CUDA devices.
#pragma once

#if defined(__FAST_MATH__)
#error "reprotrain's results are defined bit for bit: -ffast-math must not be used"
#endif

// RPT_HD_RARE is the same for a function that is long and seldom called: it is never inlined.
#if defined(__CUDACC__)
#define RPT_HD __host__ __device__ __forceinline__
#define RPT_HD_RARE inline __host__ __device__ __noinline__
#else
#define RPT_HD inline __attribute__((always_inline))
#define RPT_HD_RARE inline __attribute__((noinline))
#endif
