// SPDX-License-Identifier: Apache-2.0
// Elementary functions of one binary32 argument, correctly rounded: one definition, any device.
//
//   f(x) = the real value of f at x, rounded once to binary32, to nearest even
//
// Subnormal results and overflow to infinity included; any NaN gives the NaN 0x7fc00000. How the
// value is found is not part of the definition: estimate.h tells how it is found here.
// Why: losses and activations call these for every element. A C library's functions differ
// between versions and processors, in up to one result of forty; these cannot.
// Requires: round to nearest even, subnormals kept.
// Determinism: the same bits on every machine, by definition; no libm. The functions here use no fma;
//   correctly_rounded_by<F, EstimateIn::kBinary64> and <F, EstimateIn::kBinary32Pair> of
//   first_estimate.h may, in a first estimate, and give the same bits (F being Exp, Log and so on).
//   Losses and activations take the first, on a GPU with slow binary64 the second.
// See also: elementary_array.h for many arguments at once, ten times faster;
// docs/arithmetic.md "Elementary functions"; docs/exhaustive-report.md for what was checked on all 2^32 arguments.
#pragma once

#include "kernels/base/hd.h"
#include "kernels/elementwise/exponential.h"
#include "kernels/elementwise/first_estimate.h"
#include "kernels/elementwise/logarithm.h"
#include "kernels/elementwise/normal_distribution.h"
#include "kernels/elementwise/schedule_functions.h"
#include "kernels/elementwise/sigmoid.h"

namespace reprotrain::kernels::rounded {

/// e^x. exp(-inf) = +0, exp(inf) = inf.
RPT_HD float exp(float x) { return correctly_rounded<Exp>(x); }

/// Natural logarithm. log(+-0) = -inf, log(x < 0) = NaN, log(inf) = inf.
RPT_HD float log(float x) { return correctly_rounded<Log>(x); }

/// ln(1 + x). log1p(+-0) = +-0, log1p(-1) = -inf, log1p(x < -1) = NaN, log1p(inf) = inf.
RPT_HD float log1p(float x) { return correctly_rounded<Log1p>(x); }

/// e^x - 1. expm1(+-0) = +-0, expm1(-inf) = -1, expm1(inf) = inf.
RPT_HD float expm1(float x) { return correctly_rounded<Expm1>(x); }

/// Hyperbolic tangent. tanh(+-0) = +-0, tanh(+-inf) = +-1.
RPT_HD float tanh(float x) { return correctly_rounded<Tanh>(x); }

/// 1 / (1 + e^-x). sigmoid(-inf) = +0, sigmoid(inf) = 1.
RPT_HD float sigmoid(float x) { return correctly_rounded<Sigmoid>(x); }

/// The error function. erf(+-0) = +-0, erf(+-inf) = +-1.
RPT_HD float erf(float x) { return correctly_rounded<Erf>(x); }

/// x Phi(x), Phi the distribution function of the standard normal distribution.
/// gelu(+-0) = +-0, gelu(-inf) = -0 (the limit), gelu(inf) = inf.
RPT_HD float gelu(float x) { return correctly_rounded<Gelu>(x); }

/// Phi(x) + x phi(x), phi the density. gelu_derivative(-inf) = -0 (the limit), (inf) = 1.
RPT_HD float gelu_derivative(float x) { return correctly_rounded<GeluDerivative>(x); }

}  // namespace reprotrain::kernels::rounded
