// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation.h"

#include <algorithm>
#include <array>

#include "kernels/base/require.h"
#include "kernels/elementwise/elementary_array.h"
#include "kernels/elementwise/vector_loop.h"

namespace reprotrain::kernels {

namespace {

template <class Function>
struct ForwardElement {
  const float* x;
  float* y;
  RPT_HD void operator()(int64_t i) const { y[i] = Function::value(x[i]); }
};

template <class Function>
struct BackwardElement {
  const float* x;
  const float* y;
  float* gradient;
  RPT_HD void operator()(int64_t i) const {
    gradient[i] = gradient[i] * Function::derivative(x[i], y[i]);
  }
};

/// Fewest elements worth another thread: a transcendental function costs some 20 times a maximum.
constexpr int64_t kTranscendentalGrain = 2048;

void relu_forward(std::span<const float> x, std::span<float> y, const Parallel& parallel) {
  require(x.size() == y.size(), "activation: x and y differ in length");
  parallel_vector_loop(ForwardElement<Relu>{x.data(), y.data()}, static_cast<int64_t>(x.size()),
                       parallel);
}

using ArrayFunction = void (*)(const float* x, float* y, int64_t n);

/// `kValues` computes Function::value over an array.
template <ArrayFunction kValues>
void array_forward(std::span<const float> x, std::span<float> y, const Parallel& parallel) {
  require(x.size() == y.size(), "activation: x and y differ in length");
  parallel.for_ranges(static_cast<int64_t>(x.size()), kTranscendentalGrain,
                      [&](int64_t begin, int64_t end) {
                        kValues(x.data() + begin, y.data() + begin, end - begin);
                      });
}

template <class Function>
void backward(std::span<const float> x, std::span<const float> y, std::span<float> gradient,
              const Parallel& parallel) {
  require(x.size() == y.size() && y.size() == gradient.size(),
          "activation: x, y and gradient differ in length");
  parallel_vector_loop(BackwardElement<Function>{x.data(), y.data(), gradient.data()},
                       static_cast<int64_t>(x.size()), parallel);
}

struct ProductElement {
  const float* derivative;
  float* gradient;
  RPT_HD void operator()(int64_t i) const { gradient[i] = gradient[i] * derivative[i]; }
};

/// BackwardElement<Gelu> with the derivatives computed a block at a time.
void gelu_backward(std::span<const float> x, std::span<const float> y, std::span<float> gradient,
                   const Parallel& parallel) {
  require(x.size() == y.size() && y.size() == gradient.size(),
          "activation: x, y and gradient differ in length");
  (void)y;
  parallel.for_ranges(static_cast<int64_t>(x.size()), kTranscendentalGrain,
                      [&](int64_t begin, int64_t end) {
                        constexpr int64_t kBlock = 512;
                        float derivative[kBlock];
                        for (int64_t first = begin; first < end; first += kBlock) {
                          const int64_t n = std::min(kBlock, end - first);
                          rounded::gelu_derivative_array(x.data() + first, derivative, n);
                          vector_loop(ProductElement{derivative, gradient.data() + first}, 0, n);
                        }
                      });
}

constexpr std::array kActivations = {
    ActivationKernel{"relu", relu_forward, backward<Relu>},
    ActivationKernel{"tanh", array_forward<rounded::tanh_array>, backward<Tanh>},
    ActivationKernel{"sigmoid", array_forward<rounded::sigmoid_array>, backward<Sigmoid>},
    ActivationKernel{"gelu", array_forward<rounded::gelu_array>, gelu_backward},
};

}  // namespace

std::span<const ActivationKernel> activation_list() { return kActivations; }

const ActivationKernel* find_activation(std::string_view name) {
  for (const ActivationKernel& activation : kActivations) {
    if (activation.name == name) return &activation;
  }
  return nullptr;
}

}  // namespace reprotrain::kernels
