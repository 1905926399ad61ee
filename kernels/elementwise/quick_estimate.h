// SPDX-License-Identifier: Apache-2.0
// Quick estimates in binary64: a first try before the estimate of estimate.h, for vectors above all.
//
// A function that has one is a struct F with one more static member:
//   QuickEstimate quick_estimate<MultiplyAdd>(float x)
//     |value - f(x)| <= kQuickError |f(x)|, where `known`: there f(x) is 0 or rounds as a normal number,
//     or x is subnormal and |f(x) - x| <= x^2 (expm1, log1p, tanh), so that value and f(x) are within
//     2^-162 of x and both round to x. The one exception, erf beyond 4, is argued where it is made.
// Test, on the bits of `value`: the boundaries of rounding to binary32 are the numbers whose low 29
//   bits are 2^28; in its binade, whose last place is 2^-52, an error of kQuickError is at most
//   kQuickMargin places (one binade below, where places are half as large, the next boundary is 2^27
//   places away). Where the low bits keep that distance, value and f(x) round to one float.
// Why: short polynomials (2^-37 is enough, one argument of 2,700 stays undecided), no conditions
//   on numbers of 64 bits, and a test in integers of 32 bits, cheaper than rounding both ends.
// Errors are stated without the roundings of binary64: a dozen of 2^-53, nothing beside 2^-37. So a
//   MultiplyAdd may round once or twice.
// Determinism: the result is the definition, so neither the estimate nor the MultiplyAdd shows.
// See also: first_estimate.h, where it is put to use; pair_estimate.h, the same for machines with slow binary64.
#pragma once

#include "kernels/elementwise/estimate.h"

namespace reprotrain::kernels::rounded {

/// a * b + c, rounded once where the compiler knows an instruction for that, else twice.
struct AnyMultiplyAdd {
  static RPT_HD double of(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
    return __fma_rn(a, b, c);
#elif defined(__FMA__) || defined(__aarch64__)
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
  }
};
/// The instruction of a CPU: only inside functions compiled for processors that have it, such as
/// fused_vector_loop of vector_loop.h.
struct FusedMultiplyAdd {
  static RPT_HD double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
};

/// The relative error that every quick estimate claims, and that in units of 2^-53.
inline constexpr double kQuickError = 0x1.8p-37;
inline constexpr uint32_t kQuickMargin = 0x18000u;

struct QuickEstimate {
  double value;
  /// Bits to set in the rounded value: the sign of an odd function, which also gives -0.
  uint32_t sign;
  /// All bits where `value` is claimed, none where it is not (g++ keeps a bool in memory).
  uint32_t known;

  RPT_HD QuickEstimate(double estimate, uint32_t sign_bit_of_result, bool is_known)
      : value(estimate), sign(sign_bit_of_result), known(0u - static_cast<uint32_t>(is_known)) {}

  /// f(x), where is_decided().
  RPT_HD float rounded() const { return rounded(value); }
  RPT_HD bool is_decided() const { return is_decided(static_cast<uint32_t>(bits_of(value))); }

  /// The same with the value, or the low half of its bits, kept elsewhere.
  RPT_HD float rounded(double kept_value) const {
    return float_from_bits(bits_of(static_cast<float>(kept_value)) | sign);
  }
  RPT_HD bool is_decided(uint32_t low_bits) const {
    const uint32_t above = (low_bits - (0x10000000u - kQuickMargin)) & 0x1fffffffu & known;
    return static_cast<int32_t>(above) > static_cast<int32_t>(2 * kQuickMargin);
  }
};

/// c0 + w * (c2 + w * (c4 + ...)): every other coefficient, the first one included.
template <typename MultiplyAdd>
RPT_HD double every_other(double /*w*/, double c0) {
  return c0;
}
template <typename MultiplyAdd>
RPT_HD double every_other(double /*w*/, double c0, double /*c1*/) {
  return c0;
}
template <typename MultiplyAdd, typename... Coefficients>
RPT_HD double every_other(double w, double c0, double /*c1*/, double c2, Coefficients... higher) {
  return MultiplyAdd::of(every_other<MultiplyAdd>(w, c2, higher...), w, c0);
}

/// c0 + x * (c1 + x * (c2 + ...)), the even and the odd powers apart: half the chain of Horner's scheme, and
/// one coefficient an operation.
template <typename MultiplyAdd, typename... Coefficients>
RPT_HD double quick_polynomial(double x, double c0, Coefficients... higher) {
  const double square = x * x;
  return MultiplyAdd::of(every_other<MultiplyAdd>(square, higher...), x,
                         every_other<MultiplyAdd>(square, c0, higher...));
}

}  // namespace reprotrain::kernels::rounded
