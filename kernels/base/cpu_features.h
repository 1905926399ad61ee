// SPDX-License-Identifier: Apache-2.0
// Which instruction sets this processor (and its operating system) offer. They choose speed, never
// bits.
#pragma once

namespace reprotrain::kernels {

#if defined(__x86_64__)
/// AVX2 together with FMA.
inline bool cpu_has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}
/// The AVX-512 subset of every server since 2017: F, VL, BW, DQ.
inline bool cpu_has_avx512() {
  return cpu_has_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0;
}
#else
inline bool cpu_has_avx2() { return false; }
inline bool cpu_has_avx512() { return false; }
#endif

}  // namespace reprotrain::kernels
