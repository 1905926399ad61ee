// SPDX-License-Identifier: Apache-2.0
// Operands that do not fit together: every operator refuses them with a sentence, in every build.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/base/require.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/layer_norm.h"
#include "kernels/loss/loss_list.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/sliced_matmul.h"
#include "kernels/metric/metric_list.h"
#include "kernels/optimizer/optimizer_list.h"

namespace reprotrain::kernels {
namespace {

/// The sentence with which `call` refuses, or "" where it does not.
template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

#define EXPECT_REFUSED(call, words) \
  EXPECT_NE(refusal([&] { call; }).find(words), std::string::npos) << refusal([&] { call; })

class BadMatrixProduct : public ::testing::TestWithParam<MatmulSpecification> {
 protected:
  std::array<float, 64> memory_{};
  MatrixProduct product_{dense_view<const float>(memory_.data(), 2, 3),
                         false,
                         dense_view<const float>(memory_.data() + 8, 3, 4),
                         false,
                         dense_view(memory_.data() + 32, 2, 4),
                         nullptr};
  std::string refused() {
    return refusal([&] { multiply(GetParam(), product_, SerialParallel()); });
  }
};

TEST_P(BadMatrixProduct, TheExampleItselfIsFine) { EXPECT_EQ(refused(), ""); }

TEST_P(BadMatrixProduct, ShapesThatDoNotMatch) {
  product_.b.n_rows = 4;
  EXPECT_EQ(refused(), "matrix product: the shapes of A, B and C do not match");
  product_.b.n_rows = 3;
  product_.transpose_b = true;
  EXPECT_EQ(refused(), "matrix product: the shapes of A, B and C do not match");
}

TEST_P(BadMatrixProduct, NoMemory) {
  product_.a.data = nullptr;
  EXPECT_EQ(refused(), "matrix A has elements but no memory");
}

TEST_P(BadMatrixProduct, NoMemoryIsNeededForNoElements) {
  product_.a = {nullptr, 0, 3, 3};
  product_.c = {nullptr, 0, 4, 4};
  EXPECT_EQ(refused(), "");
}

TEST_P(BadMatrixProduct, AnAddressThatIsNotAlignedForFloats) {
  const char* bytes = reinterpret_cast<const char*>(product_.b.data);
  product_.b.data = reinterpret_cast<const float*>(bytes + 1);
  EXPECT_EQ(refused(), "matrix B lies at an address that is not aligned for its elements");
}

TEST_P(BadMatrixProduct, RowsThatOverlap) {
  product_.c.row_stride = 3;
  EXPECT_EQ(refused(), "matrix C has rows that overlap");
}

TEST_P(BadMatrixProduct, NegativeCounts) {
  product_.c.n_rows = -2;
  EXPECT_EQ(refused(), "matrix C has a negative number of rows or columns");
}

TEST_P(BadMatrixProduct, MoreElementsThanAddresses) {
  product_.a.n_rows = product_.c.n_rows = int64_t{1} << 62;
  EXPECT_EQ(refused(), "matrix A has more elements than memory has addresses");
  product_.a.n_rows = product_.c.n_rows = int64_t{1} << 31;
  product_.a.row_stride = int64_t{1} << 40;
  EXPECT_EQ(refused(), "matrix A has more elements than memory has addresses");
}

TEST_P(BadMatrixProduct, EpiloguesThatDoNotFit) {
  std::array<float, 8> memory{};
  const auto fits = dense_view(memory.data(), 2, 4);
  const auto turned = dense_view(memory.data(), 4, 2);
  const auto refused_with = [&](const Epilogue& epilogue) {
    product_.epilogue = epilogue;
    return refused();
  };
  EXPECT_EQ(refused_with(Epilogue::activate_and_keep(Activation::kGelu, fits)), "");
  EXPECT_EQ(refused_with(Epilogue::times_derivative(Activation::kGelu, fits)), "");
  const std::string not_like_c = "epilogue: a matrix that is not shaped like C";
  EXPECT_EQ(refused_with(Epilogue::activate_and_keep(Activation::kGelu, turned)), not_like_c);
  EXPECT_EQ(refused_with(Epilogue::times_derivative(Activation::kRelu, turned)), not_like_c);
  EXPECT_EQ(refused_with(Epilogue::times_derivative(Activation::kRelu, {nullptr, 2, 4, 4})),
            "matrix of the derivative's operand has elements but no memory");
  EXPECT_EQ(refused_with(Epilogue::activate(static_cast<Activation>(4))),
            "epilogue: an unknown activation");
  Epilogue epilogue;
  epilogue.kept_input = fits;
  EXPECT_EQ(refused_with(epilogue), "epilogue: a matrix without an activation");
  epilogue.kind = Epilogue::Kind::kDerivative;
  EXPECT_EQ(refused_with(epilogue), "epilogue: a derivative that should keep inputs");
  epilogue = Epilogue::activate(Activation::kRelu);
  epilogue.derivative_of = fits;
  EXPECT_EQ(refused_with(epilogue), "epilogue: an activation with the operand of a derivative");
}

INSTANTIATE_TEST_SUITE_P(Definitions, BadMatrixProduct,
                         ::testing::Values(MatmulSpecification::kFma32,
                                           MatmulSpecification::kInt8x2,
                                           MatmulSpecification::kInt8x3),
                         [](const auto& parameter) {
                           return std::string(name_of(parameter.param));
                         });

TEST(BadCalls, SlicedProductsOfOtherDigitsOrOfTooManyTerms) {
  float number = 1.0f, result = 0.0f;
  MatrixProduct product;
  product.a = {&number, 1, 1, 1};
  product.b = {&number, 1, 1, 1};
  product.c = {&result, 1, 1, 1};
  for (const int n_digits : {-1, 0, 1, 4}) {
    EXPECT_REFUSED(sliced_matmul(product, n_digits, SerialParallel()), "neither 2 nor 3 digits");
  }
  for (const int n_digits : {2, 3}) {
    product.a.n_columns = product.b.n_rows = kMaxSlicedDepth;
    EXPECT_EQ(refusal([&] { require_sliced_product(product, n_digits); }), "");
    product.a.n_columns = product.b.n_rows = kMaxSlicedDepth + 1;
    EXPECT_REFUSED(sliced_matmul(product, n_digits, SerialParallel()), "more terms");
  }
}

TEST(BadCalls, ActivationsOfDifferentLengths) {
  std::vector<float> three(3), four(4);
  for (const ActivationKernel& kernel : activation_list()) {
    EXPECT_REFUSED(kernel.forward(three, four, SerialParallel()), "differ in length");
  }
}

TEST(BadCalls, LossesOfUnknownClasses) {
  const std::vector<float> outputs(6);
  std::vector<float> losses(2), gradient(6);
  for (const int32_t target : {-1, 3, 1 << 30}) {
    const std::vector<int32_t> classes = {0, target};
    LossBatch batch;
    batch.outputs = dense_view<const float>(outputs.data(), 2, 3);
    batch.classes = classes;
    EXPECT_REFUSED(find_loss("cross_entropy")
                       ->run(batch, losses, dense_view(gradient.data(), 2, 3), SerialParallel()),
                   "none of the classes");
  }
}

TEST(BadCalls, LossesOfOtherShapes) {
  const std::vector<float> outputs(6);
  const std::vector<float> values(3);
  std::vector<float> losses(2), gradient(6);
  for (const LossKernel& loss : loss_list()) {
    LossBatch batch;
    batch.outputs = dense_view<const float>(outputs.data(), 2, 3);
    batch.values = values;
    EXPECT_REFUSED(loss.run(batch, losses, dense_view(gradient.data(), 2, 3), SerialParallel()),
                   "do not match");
  }
}

TEST(BadCalls, CrossEntropyInPlace) {
  std::vector<float> outputs(6), losses(2);
  const std::vector<int32_t> classes(2);
  LossBatch batch;
  batch.outputs = dense_view<const float>(outputs.data(), 2, 3);
  batch.classes = classes;
  EXPECT_REFUSED(find_loss("cross_entropy")
                     ->run(batch, losses, dense_view(outputs.data(), 2, 3), SerialParallel()),
                 "in place");
}

TEST(BadCalls, LayerNormsOfOtherShapes) {
  std::vector<float> values(12), three(3), two(2);
  const auto view = dense_view(values.data(), 3, 4);
  EXPECT_REFUSED(layer_norm_forward({view, three, three, view, three, view}, SerialParallel()),
                 "shapes do not match");
  EXPECT_REFUSED(
      layer_norm_backward({view, three, three, view, view, two, three}, SerialParallel()),
      "shapes do not match");
}

TEST(BadCalls, OptimizersWithoutTheirState) {
  std::vector<float> parameters(3), gradients(3), state(3);
  OptimizerSettings settings;
  settings.momentum = 0.9;
  for (const OptimizerKernel& optimizer : optimizer_list()) {
    EXPECT_REFUSED(
        optimizer.step(settings, {parameters, gradients, {}, false}, 0, SerialParallel()),
        "differ in length");
    EXPECT_EQ(refusal([&] {
                optimizer.step(settings, {parameters, gradients, {state, state}, false}, 0,
                               SerialParallel());
              }),
              "");
  }
}

TEST(BadCalls, MetricsOfDifferentNumbersOfRows) {
  const std::vector<int32_t> two = {0, 1}, three = {0, 1, 0};
  const std::vector<float> values(3), fewer(2);
  for (const Metric& metric : metric_list()) {
    MetricInputs inputs;
    inputs.n_classes = 2;
    inputs.true_classes = three;
    inputs.predicted_classes = two;
    inputs.probabilities = dense_view<const float>(values.data(), 1, 2);
    inputs.targets = values;
    inputs.predictions = fewer;
    EXPECT_NE(refusal([&] { metric.compute(inputs, SerialParallel()); }), "") << metric.name;
  }
}

}  // namespace
}  // namespace reprotrain::kernels
