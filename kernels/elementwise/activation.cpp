// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation.h"

#include <algorithm>
#include <array>

#include "kernels/base/find_by_name.h"
#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/elementwise/elementary_array.h"

namespace reprotrain::kernels {

namespace {

struct ReluElement {
  const float* x;
  float* y;
  RPT_HD void operator()(int64_t i) const { y[i] = Relu::value(x[i]); }
};

/// Of functions whose derivative is computed from y.
template <class Function>
struct DerivativeElement {
  const float* y;
  float* gradient;
  RPT_HD void operator()(int64_t i) const {
    gradient[i] = gradient[i] * Function::derivative(y[i], y[i]);
  }
};

/// Fewest elements worth another thread: a transcendental function costs some 20 times a maximum.
constexpr int64_t kTranscendentalGrain = 2048;

using ArrayFunction = void (*)(const float* x, float* y, int64_t n);
using ArrayDerivative = void (*)(const float* of, float* gradient, int64_t n);

void relu_values(const float* x, float* y, int64_t n) { vector_loop(ReluElement{x, y}, 0, n); }

template <class Function>
void times_derivative(const float* y, float* gradient, int64_t n) {
  vector_loop(DerivativeElement<Function>{y, gradient}, 0, n);
}

struct ProductElement {
  const float* derivative;
  float* gradient;
  RPT_HD void operator()(int64_t i) const { gradient[i] = gradient[i] * derivative[i]; }
};

/// The derivatives are computed a block at a time.
void times_gelu_derivative(const float* x, float* gradient, int64_t n) {
  constexpr int64_t kBlock = 512;
  float derivative[kBlock];
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t size = std::min(kBlock, n - first);
    rounded::gelu_derivative_array(x + first, derivative, size);
    vector_loop(ProductElement{derivative, gradient + first}, 0, size);
  }
}

template <ArrayFunction kValues, int64_t kGrain>
void forward(std::span<const float> x, std::span<float> y, const Parallel& parallel) {
  require(x.size() == y.size(), "activation: x and y differ in length");
  parallel.for_ranges(static_cast<int64_t>(x.size()), kGrain, [&](int64_t begin, int64_t end) {
    kValues(x.data() + begin, y.data() + begin, end - begin);
  });
}

template <ArrayFunction kValues, int64_t kGrain, ArrayDerivative kTimesDerivative>
constexpr ActivationKernel entry(std::string_view name) {
  return {name, forward<kValues, kGrain>, kValues, kTimesDerivative};
}

constexpr std::array kActivations = {
    entry<relu_values, kElementGrain, times_derivative<Relu>>("relu"),
    entry<rounded::tanh_array, kTranscendentalGrain, times_derivative<Tanh>>("tanh"),
    entry<rounded::sigmoid_array, kTranscendentalGrain, times_derivative<Sigmoid>>("sigmoid"),
    entry<rounded::gelu_array, kTranscendentalGrain, times_gelu_derivative>("gelu"),
};
static_assert(kActivations.size() == kActivationCount);

}  // namespace

std::span<const ActivationKernel> activation_list() { return kActivations; }

const ActivationKernel* find_activation(std::string_view name) {
  return find_by_name(activation_list(), name);
}

}  // namespace reprotrain::kernels
