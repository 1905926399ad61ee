// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/conformance/test_values.h"
#include "kernels/matmul/epilogue_rows.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::kernels {
namespace {

using testing::AdversarialParallel;
using testing::bit_patterns;

constexpr size_t kSizes[] = {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> inputs(size_t n) {
  std::vector<float> x;
  for (size_t i = 0; i < n; ++i) x.push_back(4.0f * element("special", i));
  return x;
}

float forward_one(const ActivationKernel& activation, float x) {
  float y = 0.0f;
  activation.forward({&x, 1}, {&y, 1}, SerialParallel());
  return y;
}

/// gradient = gradient * f'(x), given y = f(x): a pass of its own, as between layers.
void backward(const ActivationKernel& activation, std::span<const float> x,
              std::span<const float> y, std::span<float> gradient, const Parallel& parallel) {
  const auto number = static_cast<Activation>(&activation - activation_list().data());
  const auto n = static_cast<int64_t>(x.size());
  const float* of = derivative_needs_input(number) ? x.data() : y.data();
  finish_matrix(Epilogue::times_derivative(number, dense_view(of, n, 1)),
                dense_view(gradient.data(), n, 1), parallel);
}

TEST(Activation, TheListIsFoundByName) {
  ASSERT_EQ(activation_list().size(), 4u);
  for (const ActivationKernel& activation : activation_list()) {
    EXPECT_EQ(find_activation(activation.name), &activation);
  }
  EXPECT_EQ(find_activation("swish"), nullptr);
}

TEST(Activation, ReluIsZeroForNegativesZerosAndKeepsTheRest) {
  const ActivationKernel& relu = *find_activation("relu");
  EXPECT_EQ(bits_of(forward_one(relu, -0.0f)), 0u);
  EXPECT_EQ(bits_of(forward_one(relu, -3.0f)), 0u);
  EXPECT_EQ(bits_of(forward_one(relu, -kInfinity)), 0u);
  EXPECT_EQ(forward_one(relu, 0x1p-149f), 0x1p-149f);
  EXPECT_EQ(forward_one(relu, kInfinity), kInfinity);
}

TEST(Activation, NanStaysNan) {
  for (const ActivationKernel& activation : activation_list()) {
    const float y = forward_one(activation, kNan);
    EXPECT_TRUE(is_nan(y)) << activation.name;
    float gradient = 1.0f;
    const float x = kNan;
    backward(activation, {&x, 1}, {&y, 1}, {&gradient, 1}, SerialParallel());
    EXPECT_TRUE(is_nan(gradient)) << activation.name;
  }
}

TEST(Activation, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "activation")) {
    SCOPED_TRACE(known.line);
    const ActivationKernel& activation = *find_activation(known.inputs[0]);
    const float x = float_from_bits(static_cast<uint32_t>(testing::from_hex(known.inputs[1])));
    const float y = forward_one(activation, x);
    float derivative = 1.0f;
    backward(activation, {&x, 1}, {&y, 1}, {&derivative, 1}, SerialParallel());
    EXPECT_EQ(bit_patterns(std::vector<float>{y, derivative}), bit_patterns(known.outputs));
  }
}

TEST(Activation, EverySizeAndCutGivesTheScalarFormula) {
  for (const ActivationKernel& activation : activation_list()) {
    for (size_t n : kSizes) {
      const std::vector<float> x = inputs(n);
      std::vector<float> expected(n), expected_gradient(n);
      for (size_t i = 0; i < n; ++i) {
        expected[i] = forward_one(activation, x[i]);
        expected_gradient[i] = element("unit", i);
        backward(activation, {&x[i], 1}, {&expected[i], 1}, {&expected_gradient[i], 1},
                 SerialParallel());
      }
      for (uint64_t seed = 0; seed < 3; ++seed) {
        std::vector<float> y(n), gradient(n);
        activation.forward(x, y, AdversarialParallel(seed));
        ASSERT_EQ(bit_patterns(y), bit_patterns(expected)) << activation.name << " " << n;
        for (size_t i = 0; i < n; ++i) gradient[i] = element("unit", i);
        backward(activation, x, y, gradient, AdversarialParallel(seed));
        ASSERT_EQ(bit_patterns(gradient), bit_patterns(expected_gradient)) << activation.name;
      }
    }
  }
}

template <class Function>
void expect_scalar_definition(std::string_view name) {
  const std::vector<float> x = inputs(5000);
  std::vector<float> y(x.size()), gradient(x.size(), 1.0f), expected, expected_gradient;
  for (float value : x) {
    expected.push_back(Function::value(value));
    expected_gradient.push_back(1.0f * Function::derivative(value, expected.back()));
  }
  find_activation(name)->forward(x, y, SerialParallel());
  backward(*find_activation(name), x, y, gradient, SerialParallel());
  EXPECT_EQ(bit_patterns(y), bit_patterns(expected)) << name;
  EXPECT_EQ(bit_patterns(gradient), bit_patterns(expected_gradient)) << name;
}

TEST(Activation, ArraysHaveTheBitsOfTheScalarDefinition) {
  expect_scalar_definition<Relu>("relu");
  expect_scalar_definition<Tanh>("tanh");
  expect_scalar_definition<Sigmoid>("sigmoid");
  expect_scalar_definition<Gelu>("gelu");
}

TEST(Activation, ForwardWorksInPlace) {
  for (const ActivationKernel& activation : activation_list()) {
    std::vector<float> x = inputs(1025);
    std::vector<float> y(x.size());
    activation.forward(x, y, SerialParallel());
    activation.forward(x, x, SerialParallel());
    EXPECT_EQ(bit_patterns(x), bit_patterns(y)) << activation.name;
  }
}

double in_double(std::string_view name, double x) {
  if (name == "relu") return std::max(x, 0.0);
  if (name == "tanh") return std::tanh(x);
  if (name == "sigmoid") return 1.0 / (1.0 + std::exp(-x));
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

TEST(Activation, DerivativesAgreeWithDifferencesInDouble) {
  for (const ActivationKernel& activation : activation_list()) {
    for (int i = -600; i <= 600; ++i) {
      const float x = static_cast<float>(i) * 0.01f + 0.003f;
      const float y = forward_one(activation, x);
      float gradient = 1.0f;
      backward(activation, {&x, 1}, {&y, 1}, {&gradient, 1}, SerialParallel());
      const double h = 1e-5;
      const auto wide_x = static_cast<double>(x);
      const double difference =
          (in_double(activation.name, wide_x + h) - in_double(activation.name, wide_x - h)) /
          (2 * h);
      EXPECT_NEAR(static_cast<double>(gradient), difference, 2e-7) << activation.name << " " << x;
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
