// SPDX-License-Identifier: Apache-2.0
#include "kernels/metric/regression.h"

#include <cmath>
#include <mutex>

#include "kernels/base/float_bits.h"
#include "kernels/base/require.h"
#include "kernels/reduce/exact_moments.h"

namespace reprotrain::kernels {
namespace {

constexpr double kUndefined = __builtin_nan("");
constexpr int64_t kGrain = 4096;

/// Adds (p - t)^2 = p^2 - 2 p t + t^2, exactly.
void add_squared_difference(float p, float t, ExactSum& sum) {
  if (!is_finite(p) || !is_finite(t)) {
    sum.add_product(p - t, p - t);
    return;
  }
  sum.add_product(p, p);
  sum.add_product(-p, t);
  sum.add_product(-p, t);
  sum.add_product(t, t);
}

/// Adds |p - t|, exactly.
void add_distance(float p, float t, ExactSum& sum) {
  if (!is_finite(p) || !is_finite(t)) {
    const float difference = p - t;
    sum.add(difference < 0.0f ? -difference : difference);
    return;
  }
  sum.add(p > t ? p : -p);
  sum.add(p > t ? -t : t);
}

/// f64(sum of add_term over the rows / n).
template <typename AddTerm>
double mean_over_rows(const MetricInputs& inputs, const Parallel& parallel, AddTerm add_term) {
  require(inputs.predictions.size() == inputs.targets.size(),
          "metric: predictions and targets differ in number");
  const auto n_rows = static_cast<int64_t>(inputs.targets.size());
  if (n_rows == 0) return kUndefined;
  ExactSum total;
  std::mutex merging;
  parallel.for_ranges(n_rows, kGrain, [&](int64_t begin, int64_t end) {
    ExactSum piece;
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      add_term(inputs.predictions[i], inputs.targets[i], piece);
    }
    const std::lock_guard lock(merging);
    total.merge(piece);
  });
  return exact_mean(total, n_rows);
}

double mean_squared_error(const MetricInputs& inputs, const Parallel& parallel) {
  return mean_over_rows(inputs, parallel, add_squared_difference);
}

double variance_of(std::span<const float> values) {
  ExactSum sum, sum_of_squares;
  add_terms(values, sum);
  add_squares(values, sum_of_squares);
  return exact_variance(sum, sum_of_squares, static_cast<int64_t>(values.size()));
}

}  // namespace

double rmse(const MetricInputs& inputs, const Parallel& parallel) {
  return canonical(std::sqrt(mean_squared_error(inputs, parallel)));
}

double mae(const MetricInputs& inputs, const Parallel& parallel) {
  return mean_over_rows(inputs, parallel, add_distance);
}

double r2(const MetricInputs& inputs, const Parallel& parallel) {
  if (inputs.targets.empty()) return kUndefined;
  const double mse = mean_squared_error(inputs, parallel);
  const double variance = variance_of(inputs.targets);
  if (variance == 0.0 && !is_nan(mse)) return mse == 0.0 ? 1.0 : 0.0;
  return canonical(1.0 - mse / variance);
}

}  // namespace reprotrain::kernels
