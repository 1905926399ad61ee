// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/mpfr_functions.h"

#include <mpfr.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/elementary_array.h"

namespace reprotrain::oracle {
namespace {

using kernels::bits_of;

/// A number of MPFR with a lifetime.
class Real {
 public:
  explicit Real(mpfr_prec_t precision) { mpfr_init2(value_, precision); }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  operator mpfr_ptr() { return value_; }

 private:
  mpfr_t value_;
};

/// Computes f(x) into y with a relative error below 2^(kSlackBits - precision of y).
using Evaluation = void (*)(mpfr_ptr y, mpfr_srcptr x);
constexpr int kSlackBits = 12;

/// Phi(x) = erfc(-x / sqrt 2) / 2. The argument's rounding is amplified by at most x^2 < 2^8.
void evaluate_distribution(mpfr_ptr y, mpfr_srcptr x) {
  Real root(mpfr_get_prec(y));
  mpfr_sqrt_ui(root, 2, MPFR_RNDN);
  mpfr_div(y, x, root, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_erfc(y, y, MPFR_RNDN);
  mpfr_div_2ui(y, y, 1, MPFR_RNDN);
}

/// phi(x) = e^(-x^2 / 2) / sqrt(2 pi).
void evaluate_density(mpfr_ptr y, mpfr_srcptr x) {
  Real root(mpfr_get_prec(y));
  mpfr_const_pi(root, MPFR_RNDN);
  mpfr_mul_2ui(root, root, 1, MPFR_RNDN);
  mpfr_sqrt(root, root, MPFR_RNDN);
  mpfr_sqr(y, x, MPFR_RNDN);
  mpfr_div_2ui(y, y, 1, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_exp(y, y, MPFR_RNDN);
  mpfr_div(y, y, root, MPFR_RNDN);
}

void evaluate_exp(mpfr_ptr y, mpfr_srcptr x) { mpfr_exp(y, x, MPFR_RNDN); }
void evaluate_log(mpfr_ptr y, mpfr_srcptr x) { mpfr_log(y, x, MPFR_RNDN); }
void evaluate_log1p(mpfr_ptr y, mpfr_srcptr x) { mpfr_log1p(y, x, MPFR_RNDN); }
void evaluate_expm1(mpfr_ptr y, mpfr_srcptr x) { mpfr_expm1(y, x, MPFR_RNDN); }
void evaluate_tanh(mpfr_ptr y, mpfr_srcptr x) { mpfr_tanh(y, x, MPFR_RNDN); }
void evaluate_erf(mpfr_ptr y, mpfr_srcptr x) { mpfr_erf(y, x, MPFR_RNDN); }
void evaluate_sigmoid(mpfr_ptr y, mpfr_srcptr x) {
  mpfr_neg(y, x, MPFR_RNDN);
  mpfr_exp(y, y, MPFR_RNDN);
  mpfr_add_ui(y, y, 1, MPFR_RNDN);
  mpfr_ui_div(y, 1, y, MPFR_RNDN);
}
void evaluate_gelu(mpfr_ptr y, mpfr_srcptr x) {
  evaluate_distribution(y, x);
  mpfr_mul(y, y, x, MPFR_RNDN);
}
/// The two terms cancel by at most 2^8 in the tail and 2^27 at the zero: 40 more bits inside.
void evaluate_gelu_derivative(mpfr_ptr y, mpfr_srcptr x) {
  Real distribution(mpfr_get_prec(y) + 40);
  Real slope(mpfr_get_prec(y) + 40);
  evaluate_distribution(distribution, x);
  evaluate_density(slope, x);
  mpfr_mul(slope, slope, x, MPFR_RNDN);
  mpfr_add(y, distribution, slope, MPFR_RNDN);
}

/// y in units in the last place of a binary32 of its size, modulo 1, against the half: -log2.
double hardness_of(mpfr_srcptr y) {
  if (!mpfr_regular_p(y)) return 0.0;
  Real scaled(mpfr_get_prec(y));
  const mpfr_exp_t exponent = mpfr_get_exp(y) < -125 ? -125 : mpfr_get_exp(y);
  mpfr_mul_2si(scaled, y, 24 - exponent, MPFR_RNDN);
  mpfr_frac(scaled, scaled, MPFR_RNDN);
  mpfr_abs(scaled, scaled, MPFR_RNDN);
  mpfr_sub_d(scaled, scaled, 0.5, MPFR_RNDN);
  return -std::log2(std::fabs(mpfr_get_d(scaled, MPFR_RNDN)));
}

/// Raises the precision until both ends of the error interval round to one float.
template <Evaluation evaluation>
Verdict rounded_by_mpfr(float x) {
  for (mpfr_prec_t precision = 140; precision <= 4480; precision *= 2) {
    Real argument(24), y(precision), error(precision), end(precision);
    mpfr_set_flt(argument, x, MPFR_RNDN);
    evaluation(y, argument);
    if (!mpfr_regular_p(y)) {
      return {bits_of(kernels::canonical(mpfr_get_flt(y, MPFR_RNDN))), 0.0};
    }
    mpfr_mul_2si(error, y, kSlackBits - precision, MPFR_RNDA);
    mpfr_sub(end, y, error, MPFR_RNDN);
    const float low = mpfr_get_flt(end, MPFR_RNDN);
    mpfr_add(end, y, error, MPFR_RNDN);
    const float high = mpfr_get_flt(end, MPFR_RNDN);
    if (bits_of(low) == bits_of(high)) return {bits_of(low), hardness_of(y)};
  }
  std::fprintf(stderr, "the oracle cannot round at %a\n", static_cast<double>(x));
  std::abort();
}

template <typename F, Evaluation evaluation>
double error_of_accurate(float x) {
  Real argument(24), truth(400), difference(400);
  mpfr_set_flt(argument, x, MPFR_RNDN);
  evaluation(truth, argument);
  const kernels::rounded::DoubleDouble ours = F::accurate(x);
  mpfr_sub_d(difference, truth, ours.hi, MPFR_RNDN);
  mpfr_sub_d(difference, difference, ours.lo, MPFR_RNDN);
  mpfr_div(difference, difference, truth, MPFR_RNDN);
  return std::fabs(mpfr_get_d(difference, MPFR_RNDA));
}

/// Far arguments, infinities among them, by their limits: MPFR would compute infinity times zero.
template <Evaluation evaluation>
Verdict rounded_gelu(float x) {
  if (kernels::is_nan(x)) return {0x7fc00000u, 0.0};
  if (x < -1000.0f) return {0x80000000u, 0.0};
  return rounded_by_mpfr<evaluation>(x);
}
Verdict oracle_gelu(float x) {
  return x > 1000.0f ? Verdict{bits_of(x), 0.0} : rounded_gelu<evaluate_gelu>(x);
}
Verdict oracle_gelu_derivative(float x) {
  return x > 1000.0f ? Verdict{bits_of(1.0f), 0.0} : rounded_gelu<evaluate_gelu_derivative>(x);
}

double library_phi(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }
double approximate_gelu_derivative(double x, double& sizes_added) {
  const double inside = std::fmax(-30.0, std::fmin(30.0, x));
  const double distribution = library_phi(inside);
  const double slope = inside * std::exp(-0.5 * inside * inside) * (0.5 * M_SQRT1_2 * M_2_SQRTPI);
  sizes_added = distribution + std::fabs(slope);
  return std::isnan(x) ? x : distribution + slope;
}

double library_exp(double x) { return std::exp(x); }
double library_log(double x) { return std::log(x); }
double library_log1p(double x) { return std::log1p(x); }
double library_expm1(double x) { return std::expm1(x); }
double library_tanh(double x) { return std::tanh(x); }
double library_sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double library_erf(double x) { return std::erf(x); }
double library_gelu(double x) { return std::isinf(x) ? std::fmax(x, -0.0) : x * library_phi(x); }

/// A library function whose value is the only size added.
template <double (*library)(double)>
double approximation(double x, double& sizes_added) {
  return sizes_added = library(x);
}

template <typename F>
float by_pairs(float x) {
  return kernels::rounded::correctly_rounded_by<F, kernels::rounded::EstimateIn::kBinary32Pair>(x);
}

using Oracle = Verdict (*)(float);

template <typename F, Evaluation evaluation, Oracle oracle = rounded_by_mpfr<evaluation>>
Function described(const char* name, decltype(Function::rounded) rounded,
                   decltype(Function::array) array, decltype(Function::approximate) approximate) {
  return {name,
          rounded,
          array,
          by_pairs<F>,
          kernels::rounded::decided<F>,
          approximate,
          oracle,
          error_of_accurate<F, evaluation>};
}

}  // namespace

const std::vector<Function>& functions() {
  namespace ours = kernels::rounded;
  static const std::vector<Function> all = {
      described<ours::Exp, evaluate_exp>("exp", ours::exp, ours::exp_array,
                                         approximation<library_exp>),
      described<ours::Log, evaluate_log>("log", ours::log, ours::log_array,
                                         approximation<library_log>),
      described<ours::Log1p, evaluate_log1p>("log1p", ours::log1p, ours::log1p_array,
                                             approximation<library_log1p>),
      described<ours::Expm1, evaluate_expm1>("expm1", ours::expm1, ours::expm1_array,
                                             approximation<library_expm1>),
      described<ours::Tanh, evaluate_tanh>("tanh", ours::tanh, ours::tanh_array,
                                           approximation<library_tanh>),
      described<ours::Sigmoid, evaluate_sigmoid>("sigmoid", ours::sigmoid, ours::sigmoid_array,
                                                 approximation<library_sigmoid>),
      described<ours::Erf, evaluate_erf>("erf", ours::erf, ours::erf_array,
                                         approximation<library_erf>),
      described<ours::Gelu, evaluate_gelu, oracle_gelu>("gelu", ours::gelu, ours::gelu_array,
                                                        approximation<library_gelu>),
      described<ours::GeluDerivative, evaluate_gelu_derivative, oracle_gelu_derivative>(
          "gelu_derivative", ours::gelu_derivative, ours::gelu_derivative_array,
          approximate_gelu_derivative),
  };
  return all;
}

const Function& function_named(const std::string& name) {
  for (const Function& function : functions()) {
    if (function.name == name) return function;
  }
  std::fprintf(stderr, "there is no function called %s\n", name.c_str());
  std::exit(2);
}

std::string version() { return std::string("MPFR ") + mpfr_get_version(); }

}  // namespace reprotrain::oracle
