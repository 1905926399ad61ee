// SPDX-License-Identifier: Apache-2.0
// Constants of the quick estimates in binary64. Printed by scripts/generate_elementary_tables.py --quick;
// change the script, not this file.
#pragma once

#include "kernels/base/hd.h"
#include "kernels/elementwise/quick_estimate.h"

namespace reprotrain::kernels::rounded {

inline constexpr double kQuickReciprocalLn2 = 0x1.71547652b82fep+0;
inline constexpr double kQuickLn2 = 0x1.62e42fefa39efp-1;

/// (e^r - 1) / r for |r| <= 0.34661.
/// Approximation error 2^-37.5, relative; terms add up to 1.41 times the value.
template <typename MultiplyAdd>
RPT_HD double expm1_over_r_quickly(double r) {
  return quick_polynomial<MultiplyAdd>(
      r, 0x1.fffffffff61dbp-1, 0x1.fffffffffe062p-2, 0x1.5555557e77c9bp-3, 0x1.55555565c8019p-5,
      0x1.1110a616aa5a9p-7, 0x1.6c166bde250d9p-10, 0x1.a17e061918bbfp-13, 0x1.a136bfc0d8eedp-16);
}

/// 2 atanh(s) / s with w = s^2, for w <= 0.029440.
/// Approximation error 2^-37.78, relative; terms add up to 1.0 times the value.
template <typename MultiplyAdd>
RPT_HD double twice_atanh_series_quickly(double w) {
  return quick_polynomial<MultiplyAdd>(w, 0x1.0000000004991p+1, 0x1.555554db6169cp-1,
                                       0x1.999a9bd2b2542p-2, 0x1.2432e7e8ebbe7p-2,
                                       0x1.e3aa729a5f45ep-3);
}

/// Maps z^2 in [0, 16] to u = kQuickErfScale z^2 - 1 in [-1, 1].
inline constexpr double kQuickErfScale = 0x1.fff972576040fp-4;

/// erf(z) / z as a function of u.
/// Approximation error 2^-38.79, relative; terms add up to 4.51 times the value.
template <typename MultiplyAdd>
RPT_HD double erf_over_z_quickly(double u) {
  return quick_polynomial<MultiplyAdd>(
      u, 0x1.6a01b70795b30p-2, -0x1.699e8688ec677p-3, 0x1.0daa1dd22fdc3p-3, -0x1.b92c9baa13cb9p-4,
      0x1.717e52623898ep-4, -0x1.32169964f22a4p-4, 0x1.ea9bcf4e4561bp-5, -0x1.76ee2ec2f98cfp-5,
      0x1.0edd6e7269aa1p-5, -0x1.7042639792aa1p-6, 0x1.d6298699f5d97p-7, -0x1.1a076ea868a5ep-7,
      0x1.3ee26668202f6p-8, -0x1.527c58c2823c9p-9, 0x1.4dace81584c51p-10, -0x1.3e2be295d826dp-11,
      0x1.39c1455db5512p-12, -0x1.0676bc722b6d0p-13, 0x1.052b88a323496p-15, -0x1.bd2937a7e029bp-17,
      0x1.bcc603f0ac1aep-17, -0x1.2c0305d4b5e11p-18);
}

/// Maps a in [0, 13] to u = kQuickTailScale / (a + 5) - kQuickTailOffset in [-1, 1].
inline constexpr double kQuickTailScale = 0x1.bb1144d1bf0f5p+3;
inline constexpr double kQuickTailOffset = 0x1.c4e86e1c64e54p+0;

/// (a + 5) (1 - Phi(a)) e^(a^2/2) as a function of u.
/// Approximation error 2^-39.78, relative; terms add up to 4.55 times the value.
template <typename MultiplyAdd>
RPT_HD double scaled_mills_quickly(double u) {
  return quick_polynomial<MultiplyAdd>(
      u, 0x1.00034ea92bc19p+0, 0x1.7cb3fca117af5p-1, 0x1.c5dfbaad13ab0p-2, 0x1.afcd1c5e2e4d7p-3,
      0x1.3fb8dbd3d7244p-4, 0x1.594deae8c5f53p-6, 0x1.bc41285de1ed8p-9, -0x1.1c1dc54ff7942p-15,
      -0x1.4e3534e1dc88cp-13, -0x1.8eaa3571a2646p-16, 0x1.674a30a08a744p-18, 0x1.dfb7fa8973da0p-20,
      -0x1.69f880a0a82d0p-23, -0x1.98875441f0c5fp-24);
}

/// The zero of 1 - Phi(a) - a phi(a); the first piece has 24 bits, so its distance to a binary32 a is exact.
inline constexpr double kQuickGeluZeroHigh = 0x1.80ead20000000p-1;
inline constexpr double kQuickGeluZeroLow = -0x1.a03fd3089f3a6p-27;

/// (1 - Phi(a) - a phi(a)) e^(a^2/2) / (zero - a) as a function of u.
/// Approximation error 2^-42.25, relative; terms add up to 1.58 times the value.
template <typename MultiplyAdd>
RPT_HD double gelu_slope_quickly(double u) {
  return quick_polynomial<MultiplyAdd>(
      u, 0x1.ed7dc680d3145p-2, 0x1.8a9d37ba84d54p-4, 0x1.abe4315cfe144p-5, 0x1.7f07c9261bbcdp-6,
      0x1.14279e43497f3p-7, 0x1.30c9de1e2e6bbp-9, 0x1.c4ecc69d35f47p-12, 0x1.da55ff0aabae9p-16,
      -0x1.56cd86dfb8c9cp-17, -0x1.74e5d7837778bp-19, 0x1.c6428f2acd2fdp-24, 0x1.2fe03bca866dbp-23,
      0x1.a5cb1dfb4dbbcp-29, -0x1.aae0456fd2796p-28);
}

}  // namespace reprotrain::kernels::rounded
