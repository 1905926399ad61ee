// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss/loss_list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>

#include "kernels/conformance/test_values.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::from_decimal;

struct LossInput {
  std::string name;
  int64_t n_rows;
  int64_t n_outputs;
  bool weighted;
};

/// Row losses, gradient and mean, as the oracle lists them.
std::vector<float> evaluated(const LossInput& input, const Parallel& parallel,
                             std::string_view kind = "unit") {
  const auto n_rows = static_cast<size_t>(input.n_rows);
  const size_t n_classes =
      input.name == "binary_cross_entropy" ? 2 : static_cast<size_t>(input.n_outputs);
  std::vector<float> outputs, values, weights;
  std::vector<int32_t> classes;
  for (size_t i = 0; i < n_rows * static_cast<size_t>(input.n_outputs); ++i) {
    outputs.push_back(4.0f * element(kind, i));
  }
  for (uint64_t row = 0; row < n_rows; ++row) {
    values.push_back(element(kind, (uint64_t{1} << 20) + row));
    classes.push_back(static_cast<int32_t>(mixed_word((uint64_t{1} << 20) + row) % n_classes));
  }
  for (size_t c = 0; input.weighted && c < n_classes; ++c) {
    weights.push_back(0.5f * static_cast<float>(c + 1));
  }
  LossBatch batch;
  batch.outputs = dense_view<const float>(outputs.data(), input.n_rows, input.n_outputs);
  batch.values = values;
  batch.classes = classes;
  batch.class_weights = weights;
  batch.huber_delta = 1.5f;
  std::vector<float> results(n_rows), gradient(outputs.size());
  const LossKernel* loss = find_loss(input.name);
  loss->run(batch, results, dense_view(gradient.data(), input.n_rows, input.n_outputs), parallel);
  const float mean = mean_loss(results, parallel);
  results.insert(results.end(), gradient.begin(), gradient.end());
  results.push_back(mean);
  return results;
}

TEST(Loss, TheListIsFoundByName) {
  ASSERT_EQ(loss_list().size(), 4u);
  for (const LossKernel& loss : loss_list()) EXPECT_EQ(find_loss(loss.name), &loss);
  EXPECT_EQ(find_loss("hinge"), nullptr);
}

/// in: name, rows, outputs, weighted.
void expect_known_loss(const testing::KnownAnswer& known, std::string_view kind,
                       std::span<const std::string> in) {
  const LossInput input{in[0], static_cast<int64_t>(from_decimal(in[1])),
                        static_cast<int64_t>(from_decimal(in[2])), in[3] != "0"};
  EXPECT_EQ(bit_patterns(evaluated(input, SerialParallel(), kind)), bit_patterns(known.outputs))
      << known.line.substr(0, 60);
}

TEST(Loss, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "loss")) {
    expect_known_loss(known, "unit", known.inputs);
  }
}

TEST(Loss, GivesTheOraclesBitsOfEveryFamilyOfValues) {
  for (const auto& known : testing::known_answers("training.kat", "loss_of")) {
    expect_known_loss(known, known.inputs[0], std::span(known.inputs).subspan(1));
  }
}

TEST(Softmax, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "softmax")) {
    const auto n_rows = static_cast<int64_t>(from_decimal(known.inputs[1]));
    const auto n = static_cast<int64_t>(from_decimal(known.inputs[2]));
    std::vector<float> outputs, probabilities(static_cast<size_t>(n_rows * n));
    for (size_t i = 0; i < probabilities.size(); ++i) {
      outputs.push_back(4.0f * element(known.inputs[0], i));
    }
    softmax_rows(dense_view<const float>(outputs.data(), n_rows, n),
                 dense_view(probabilities.data(), n_rows, n), SerialParallel());
    EXPECT_EQ(bit_patterns(probabilities), bit_patterns(known.outputs)) << known.line.substr(0, 60);
  }
}

TEST(Loss, IsInvariantUnderHowRowsAreCut) {
  for (const LossKernel& loss : loss_list()) {
    const int64_t n_outputs = loss.name == "cross_entropy" ? 10 : 1;
    for (int64_t n_rows : {0, 1, 31, 33, 257, 1025}) {
      for (std::string_view kind : {"unit", "special"}) {
        const LossInput input{std::string(loss.name), n_rows, n_outputs, loss.takes_classes};
        const auto expected = bit_patterns(evaluated(input, SerialParallel(), kind));
        for (uint64_t seed = 0; seed < 3; ++seed) {
          EXPECT_EQ(bit_patterns(evaluated(input, testing::AdversarialParallel(seed), kind)),
                    expected);
        }
      }
    }
  }
}

/// Loss of one row of outputs.
float row_loss(std::string_view name, std::vector<float> outputs, int32_t target, float value) {
  LossBatch batch;
  const auto n = static_cast<int64_t>(outputs.size());
  batch.outputs = dense_view<const float>(outputs.data(), 1, n);
  batch.values = {&value, 1};
  batch.classes = {&target, 1};
  float loss = 0.0f;
  std::vector<float> gradient(outputs.size());
  find_loss(name)->run(batch, {&loss, 1}, dense_view(gradient.data(), 1, n), SerialParallel());
  return loss;
}

TEST(Loss, StaysFiniteForLargeLogits) {
  EXPECT_EQ(row_loss("cross_entropy", {1e30f, 0.0f}, 0, 0.0f), 0.0f);
  EXPECT_EQ(row_loss("cross_entropy", {1e30f, 0.0f}, 1, 0.0f), 1e30f);
  EXPECT_EQ(row_loss("binary_cross_entropy", {1e30f}, 0, 0.0f), 1e30f);
  EXPECT_EQ(row_loss("binary_cross_entropy", {-1e30f}, 1, 0.0f), 1e30f);
  EXPECT_EQ(row_loss("binary_cross_entropy", {1e30f}, 1, 0.0f), 0.0f);
}

TEST(Loss, NanOutputsGiveNanLosses) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::string_view name : {"mse", "huber", "binary_cross_entropy"}) {
    EXPECT_TRUE(is_nan(row_loss(name, {nan}, 1, 0.5f))) << name;
  }
  EXPECT_TRUE(is_nan(row_loss("cross_entropy", {nan, 1.0f, 2.0f}, 1, 0.0f)));
  EXPECT_TRUE(is_nan(row_loss("cross_entropy", {2.0f, 1.0f, nan}, 0, 0.0f)));
}

TEST(Loss, ProbabilitiesOfARowAreThoseOfItsGradient) {
  const std::vector<float> logits = {0.5f, -1.25f, 3.0f, 2.75f};
  std::vector<float> probabilities(4);
  softmax_rows(dense_view<const float>(logits.data(), 1, 4), dense_view(probabilities.data(), 1, 4),
               SerialParallel());
  double total = 0.0;
  for (size_t j = 0; j < 4; ++j) {
    const double exact = std::exp(static_cast<double>(logits[j])) /
                         (std::exp(0.5) + std::exp(-1.25) + std::exp(3.0) + std::exp(2.75));
    EXPECT_NEAR(static_cast<double>(probabilities[j]), exact, 1e-7);
    total += static_cast<double>(probabilities[j]);
  }
  EXPECT_NEAR(total, 1.0, 1e-6);
}

}  // namespace
}  // namespace reprotrain::kernels
