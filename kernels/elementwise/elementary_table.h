// SPDX-License-Identifier: Apache-2.0
// Constants of the elementary functions. Printed by scripts/generate_elementary_tables.py;
// change the script, not this file.
#pragma once

#include "kernels/base/hd.h"
#include "kernels/elementwise/double_double.h"
#include "kernels/elementwise/horner.h"

namespace reprotrain::kernels::rounded {

inline constexpr double kReciprocalLn2 = 0x1.71547652b82fep+0;
/// ln 2 in two pieces; the first has 42 bits, so its product with an integer below 2^11 is exact.
inline constexpr double kLn2High = 0x1.62e42fefa3800p-1;
inline constexpr double kLn2Low = 0x1.ef35793c76730p-45;
/// ln 2 in three pieces of 42, 42 and 53 bits, for the accurate path.
inline constexpr double kLn2Middle = 0x1.ef35793c76800p-45;
inline constexpr double kLn2Last = -0x1.9ff0342542fc3p-90;
/// 2 / sqrt(pi)
RPT_HD DoubleDouble two_over_sqrt_pi() { return {0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56}; }
/// 1 / sqrt(2 pi)
RPT_HD DoubleDouble inverse_sqrt_two_pi() { return {0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56}; }
inline constexpr double kSqrt2 = 0x1.6a09e667f3bcdp+0;

/// (e^r - 1) / r for |r| <= 0.34661.
/// Approximation error 2^-55.23, Horner rounding error below 1.93 x 2^-53, both relative.
RPT_HD double expm1_over_r(double r) {
  return horner(r, 0x1.0000000000000p+0, 0x1.0000000000005p-1, 0x1.5555555555557p-3,
                0x1.55555555520a4p-5, 0x1.11111111100dbp-7, 0x1.6c16c17f46be4p-10,
                0x1.a01a01abe8158p-13, 0x1.a019a660a3a70p-16, 0x1.71de02314b9a8p-19,
                0x1.28a2cadf686acp-22, 0x1.af4dea1793fa9p-26);
}

/// 2 atanh(s) / s with w = s^2, for w <= 0.029440.
/// Approximation error 2^-58.25, Horner rounding error below 1.02 x 2^-53, both relative.
RPT_HD double atanh_series(double w) {
  return horner(w, 0x1.0000000000000p+1, 0x1.55555555555aep-1, 0x1.999999997ae62p-2,
                0x1.2492494517eedp-2, 0x1.c71c4ffd004e7p-3, 0x1.74669a0339484p-3,
                0x1.3999ac8a6b8b7p-3, 0x1.2f4e4dc7a9421p-3);
}

/// erf(z) / z with w = z^2, for |z| <= 0.75.
/// Approximation error 2^-56.03, Horner rounding error below 2.09 x 2^-53, both relative.
RPT_HD double erf_series(double w) {
  return horner(w, 0x1.20dd750429b6dp+0, -0x1.812746b0379e0p-2, 0x1.ce2f21a0424c3p-4,
                -0x1.b82ce31257412p-6, 0x1.565bcd03657c0p-8, -0x1.c02db1220cfe6p-11,
                0x1.f9a2afa3a8f86p-14, -0x1.f4c5debf1228ap-17, 0x1.b90ecd4aeec12p-20,
                -0x1.564f71bbc0d35p-23, 0x1.8a312cb07e6ccp-27);
}

/// Maps x in [0, 15] to u = kMillsScale / (x + 4) - kMillsOffset in [-1, 1].
inline constexpr double kMillsScale = 0x1.4444444444444p+3;
inline constexpr double kMillsOffset = 0x1.8888888888889p+0;

/// Mills ratio (1 - Phi(x)) / phi(x) as a function of u.
/// Approximation error 2^-50.97, Horner rounding error below 66.8 x 2^-53, both relative.
RPT_HD double mills_polynomial(double u) {
  return horner(
      u, 0x1.5e715fa489873p-2, 0x1.d93ece37689b1p-2, 0x1.1dd900b85ec20p-2, 0x1.0069a5432575fp-3,
      0x1.3e5a8e4803368p-5, 0x1.a9f4b40b3d600p-8, -0x1.8a7066276a66ep-12, -0x1.acd5209d3a412p-12,
      -0x1.599d954fec9f0p-16, 0x1.b5a3b9e565d95p-16, 0x1.0e6c20503ced4p-19, -0x1.141f1a48007fep-19,
      -0x1.13fba76ae871fp-24, 0x1.8a300acf183b4p-23, -0x1.d941f7da38181p-27, -0x1.0b76c12da0cbap-26,
      0x1.0026584c94a2dp-28, 0x1.01d183a24819bp-30, -0x1.26766fc898cbfp-31, 0x1.a4f900f7ac639p-39,
      0x1.6b57e9d08e769p-35, -0x1.b34d120b49120p-38);
}

/// cos(pi t) with w = t^2: (-1)^i pi^2i / (2i)!, i = 0..9.
RPT_HD double cospi_series(double w) {
  return horner(w, 0x1.0000000000000p+0, -0x1.3bd3cc9be45dep+2, 0x1.03c1f081b5ac4p+2,
                -0x1.55d3c7e3cbffap+0, 0x1.e1f506891babbp-3, -0x1.a6d1f2a204a8cp-6,
                0x1.f9d38a3763cc3p-10, -0x1.b6e24f44b128fp-14, 0x1.20c62c2f2d7f5p-18,
                -0x1.2a0c591af8314p-23);
}

/// sin(pi t) / t with w = t^2: (-1)^i pi^(2i+1) / (2i+1)!, i = 0..8.
RPT_HD double sinpi_series(double w) {
  return horner(w, 0x1.921fb54442d18p+1, -0x1.4abbce625be53p+2, 0x1.466bc6775aae2p+1,
                -0x1.32d2cce62bd86p-1, 0x1.50783487ee782p-4, -0x1.e3074fde8871fp-8,
                0x1.e8f434d018d63p-12, -0x1.6fadb9f155744p-16, 0x1.aaec32af93359p-21);
}

}  // namespace reprotrain::kernels::rounded
