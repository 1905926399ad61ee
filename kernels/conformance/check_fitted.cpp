// SPDX-License-Identifier: Apache-2.0
// Statistics of some rows, and what all rows become by them: as the engine puts a device's operators
// together.
#include <numeric>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"
#include "kernels/feature/feature_list.h"
#include "kernels/feature/impute.h"

namespace reprotrain::kernels {
namespace {

/// A column of which the first rows are those of training.
struct FittedColumn {
  std::vector<float> values;
  std::vector<int64_t> training_rows;

  FittedColumn(size_t n, size_t n_fitted) : values(n), training_rows(n_fitted) {
    std::iota(training_rows.begin(), training_rows.end(), int64_t{0});
  }
  StridedColumn training() const { return {values.data(), 1, training_rows}; }
};

/// FAMILY n n_fitted, some values missing.
FittedColumn column_with_gaps(WordReader& words) {
  const std::string family = words.text();
  const size_t n = words.decimal();
  FittedColumn column(n, words.decimal());
  for (uint64_t i = 0; i < n; ++i) {
    const bool is_missing = i > 0 && mixed_word((uint64_t{3} << 20) + i) % 4 == 0;
    column.values[i] = is_missing ? float_from_bits(0x7fc00000) : element(family, i);
  }
  return column;
}

/// The fields of the feature of that name, fitted.
std::vector<double> fitted_fields(std::string_view name, const ColumnMoments& moments,
                                  std::span<const double> parameters) {
  std::vector<double> fields;
  for_each_feature([&]<typename Feature>() {
    if (name != Feature::kName) return;
    const Feature feature = Feature::fit(moments, parameters);
    for (const auto& field : Feature::fields()) fields.push_back(feature.*field.member);
  });
  return fields;
}

bool fill_from(OperatorDevice& device, std::string_view statistic, const StridedColumn& column,
               float& fill) {
  if (statistic == "mean") {
    ColumnMoments moments{};
    if (!device.column_moments(column, moments)) return false;
    fill = fill_of(moments.mean);
    return true;
  }
  double median = 0.0;
  float most_frequent = 0.0f;
  if (!device.column_order(column, median, most_frequent)) return false;
  fill = statistic == "median" ? fill_of(median) : most_frequent;
  return true;
}

}  // namespace

bool check_fitted_feature(OperatorDevice& device, std::string_view name, const Words& in,
                          Words& out) {
  WordReader words(in);
  const FittedColumn column = column_with_gaps(words);
  ColumnMoments moments{};
  if (!device.column_moments(column.training(), moments)) return false;
  constexpr double kMinMaxRange[] = {-0.5, 3.0};
  const bool is_ranged = name == MinMax::kName;
  const std::vector<double> fields =
      fitted_fields(name, moments, std::span(kMinMaxRange).first(is_ranged ? 2 : 0));
  std::vector<float> y(column.values.size());
  if (!device.feature(name, fields, column.values, y)) return false;
  append_words(y, out);
  return true;
}

bool check_impute(OperatorDevice& device, std::string_view statistic, const Words& in, Words& out) {
  WordReader words(in);
  const FittedColumn column = column_with_gaps(words);
  float fill = 0.0f;
  if (!fill_from(device, statistic, column.training(), fill)) return false;
  for (const float x : column.values) out.push_back(word_of(imputed(x, fill)));
  return true;
}

bool check_target_scale(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const size_t n = words.decimal();
  FittedColumn targets(n, words.decimal());
  for (uint64_t i = 0; i < n; ++i) targets.values[i] = element(family, i);
  ColumnMoments moments{};
  if (!device.column_moments(targets.training(), moments)) return false;
  const Standardize scale = Standardize::fit(moments, {});
  const double fields[] = {scale.mean, scale.deviation};
  std::vector<float> of_model(n);
  if (!device.feature(Standardize::kName, fields, targets.values, of_model)) return false;
  out = {word_of(scale.mean), word_of(scale.deviation)};
  append_words(of_model, out);
  for (uint64_t i = 0; i < n; ++i) {
    out.push_back(word_of(scale.inverse(element(family, (uint64_t{1} << 20) + i))));
  }
  return true;
}

}  // namespace reprotrain::kernels
