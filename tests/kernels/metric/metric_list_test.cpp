// SPDX-License-Identifier: Apache-2.0
#include "kernels/metric/metric_list.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/conformance/metric_rows.h"
#include "kernels/conformance/test_values.h"
#include "kernels/metric/argmax.h"
#include "kernels/metric/classification.h"
#include "kernels/random/philox.h"
#include "kernels/random/shuffle.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;

constexpr float kNan = __builtin_nanf("");

MetricRows in_order(const MetricRows& rows, const std::vector<int64_t>& order) {
  MetricRows result;
  result.n_classes = rows.n_classes;
  const auto n_classes = static_cast<size_t>(rows.n_classes);
  for (const int64_t row : order) {
    const auto i = static_cast<size_t>(row);
    result.true_classes.push_back(rows.true_classes[i]);
    result.predicted_classes.push_back(rows.predicted_classes[i]);
    for (size_t c = 0; c < n_classes; ++c) {
      result.probabilities.push_back(rows.probabilities[i * n_classes + c]);
    }
    result.targets.push_back(rows.targets[i]);
    result.predictions.push_back(rows.predictions[i]);
  }
  return result;
}

float float_of(const std::string& word) {
  return float_from_bits(static_cast<uint32_t>(from_hex(word)));
}

MetricRows classes_from(const std::vector<std::string>& words) {
  MetricRows rows;
  rows.n_classes = std::stoi(words[0]);
  const size_t n = from_decimal(words[1]);
  for (size_t i = 0; i < n; ++i) {
    rows.true_classes.push_back(std::stoi(words[2 + i]));
    rows.predicted_classes.push_back(std::stoi(words[2 + n + i]));
  }
  for (size_t i = 2 + 2 * n; i < words.size(); ++i)
    rows.probabilities.push_back(float_of(words[i]));
  return rows;
}

MetricRows numbers_from(const std::vector<std::string>& words) {
  MetricRows rows;
  const size_t n = from_decimal(words[0]);
  for (size_t i = 0; i < n; ++i) {
    rows.predictions.push_back(float_of(words[1 + i]));
    rows.targets.push_back(float_of(words[1 + n + i]));
  }
  return rows;
}

/// Outputs are pairs "name bits": every metric of the task must be among them.
void expect_metrics(MetricTask task, const MetricRows& rows,
                    const std::vector<std::string>& outputs) {
  std::set<std::string_view> missing;
  for (const Metric& metric : metric_list()) {
    if (metric.task == task) missing.insert(metric.name);
  }
  for (size_t i = 0; i < outputs.size(); i += 2) {
    const Metric* metric = find_metric(outputs[i]);
    ASSERT_NE(metric, nullptr) << outputs[i];
    EXPECT_EQ(bits_of(metric->compute(rows.inputs(), SerialParallel())), from_hex(outputs[i + 1]))
        << metric->name;
    missing.erase(metric->name);
  }
  EXPECT_TRUE(missing.empty()) << "without a known answer: " << *missing.begin();
}

TEST(Metrics, OfClassesGiveTheOraclesBits) {
  for (const auto& known : known_answers("metric.kat", "classes")) {
    SCOPED_TRACE(known.line);
    expect_metrics(MetricTask::kClassification, classes_from(known.inputs), known.outputs);
  }
}

TEST(Metrics, OfNumbersGiveTheOraclesBits) {
  for (const auto& known : known_answers("metric.kat", "numbers")) {
    SCOPED_TRACE(known.line);
    expect_metrics(MetricTask::kRegression, numbers_from(known.inputs), known.outputs);
  }
}

MetricRows many_rows(size_t n) {
  MetricRows rows;
  rows.n_classes = 4;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t word = random_word({n, 0, 0}, i);
    rows.true_classes.push_back(static_cast<int32_t>(word % 4));
    rows.predicted_classes.push_back(
        static_cast<int32_t>((word >> 8) % 5 == 0 ? word >> 16 & 3 : word % 4));
    for (uint64_t c = 0; c < 4; ++c) {
      rows.probabilities.push_back(unit_of_word(random_word({n, 1, 0}, 4 * i + c)));
    }
  }
  rows.targets = generated_floats(n, 0, 255, n);
  rows.predictions = generated_floats(n + 1, 0, 255, n);
  return rows;
}

TEST(Metrics, AreInvariantUnderRowOrderThreadsAndCuts) {
  for (const size_t n :
       std::initializer_list<size_t>{0, 1, 31, 32, 33, 255, 257, 1023, 1025, 9000}) {
    const MetricRows rows = many_rows(n);
    std::vector<int64_t> order(n);
    for (size_t i = 0; i < n; ++i) order[i] = static_cast<int64_t>(i);
    shuffle_indices({5, 0, 0}, order);
    const MetricRows shuffled = in_order(rows, order);
    for (const Metric& metric : metric_list()) {
      const uint64_t bits = bits_of(metric.compute(rows.inputs(), SerialParallel()));
      EXPECT_EQ(bits_of(metric.compute(shuffled.inputs(), SerialParallel())), bits) << metric.name;
      for (uint64_t seed = 0; seed < 3; ++seed) {
        EXPECT_EQ(bits_of(metric.compute(rows.inputs(), testing::AdversarialParallel(seed))), bits)
            << metric.name << " of " << n;
      }
    }
  }
}

TEST(Metrics, AreUndefinedWithoutRows) {
  for (const Metric& metric : metric_list()) {
    for (const int32_t n_classes : {2, 3}) {
      MetricRows none;
      none.n_classes = n_classes;
      EXPECT_EQ(bits_of(metric.compute(none.inputs(), SerialParallel())), 0x7ff8000000000000ull)
          << metric.name;
    }
  }
}

TEST(MetricList, FindsEveryNameOnceAndNothingElse) {
  std::set<std::string_view> names;
  for (const Metric& metric : metric_list()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(find_metric(metric.name), &metric);
  }
  EXPECT_EQ(find_metric("acuracy"), nullptr);
  EXPECT_EQ(find_metric(""), nullptr);
}

TEST(MetricList, SaysWhichDirectionIsBetter) {
  for (const char* name : {"log_loss", "rmse", "mae"}) {
    EXPECT_FALSE(find_metric(name)->larger_is_better) << name;
  }
  for (const char* name : {"accuracy", "roc_auc", "f1_macro", "f1_micro", "r2"}) {
    EXPECT_TRUE(find_metric(name)->larger_is_better) << name;
  }
}

TEST(ConfusionMatrix, CountsTrueClassesInRowsAndPredictionsInColumns) {
  const std::vector<int32_t> truth = {0, 0, 1, 2, 2, 2};
  const std::vector<int32_t> predicted = {0, 1, 1, 0, 2, 2};
  std::vector<int64_t> counts(9, -1);
  confusion_matrix(truth, predicted, 3, counts);
  EXPECT_EQ(counts, (std::vector<int64_t>{1, 1, 0, 0, 1, 0, 1, 0, 2}));
}

TEST(Argmax, TakesTheLowestIndexOfEqualsAndNeverANaN) {
  const auto of = [](std::vector<float> scores) { return argmax(scores); };
  EXPECT_EQ(of({1.0f}), 0);
  EXPECT_EQ(of({1.0f, 3.0f, 3.0f, 2.0f}), 1);
  EXPECT_EQ(of({-0.0f, 0.0f}), 0);
  EXPECT_EQ(of({kNan, -5.0f, kNan, -4.0f}), 3);
  EXPECT_EQ(of({kNan, kNan}), 0);
  EXPECT_EQ(of({-1.0f, kNan}), 0);
}

}  // namespace
}  // namespace reprotrain::kernels
