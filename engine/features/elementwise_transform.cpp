// SPDX-License-Identifier: Apache-2.0
#include "engine/features/elementwise_transform.h"

#include <algorithm>

#include "engine/data/number_text.h"
#include "engine/features/column_access.h"
#include "engine/features/stored_state.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/feature/feature_list.h"

namespace reprotrain::engine {

namespace {

using kernels::ColumnMoments;
using kernels::FeatureField;
using kernels::FeatureParameter;

// Elements of a piece of work for one thread.
constexpr int64_t kGrainElements = 1 << 14;

double parameter_of(const TransformConfig& config, const FeatureParameter& parameter) {
  const auto found = config.numbers.find(parameter.name);
  if (found != config.numbers.end()) return found->second;
  if (!parameter.required) return parameter.fallback;
  throw Error(ErrorKind::kConfig, config.config_pointer + ": " + config.op +
                                      " needs the number \"" + parameter.name + "\"; add it");
}

// Moments of every selected element over the training rows, which must be there and finite.
std::vector<ColumnMoments> training_moments(const FitInput& input) {
  const std::vector<TrainingElement> elements = training_elements(input);
  std::vector<ColumnMoments> moments(elements.size());
  size_t next = 0;
  for (const size_t index : input.columns) {
    const Column& column = input.table.columns[index];
    const auto width = static_cast<size_t>(column.width());
    kernels::column_moments(
        kernels::dense_view(column.values.data(), input.table.n_rows, column.width()),
        input.train_rows, std::span(moments).subspan(next, width), input.parallel);
    next += width;
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    const std::string place =
        input.config.config_pointer + ": " + element_label(input.table, elements[i]);
    if (moments[i].count == 0) {
      throw Error(ErrorKind::kData, place + " has no value in the training rows; drop it");
    }
    if (!kernels::is_finite(moments[i].min) || !kernels::is_finite(moments[i].max)) {
      throw Error(ErrorKind::kData,
                  place + " holds an infinity in the training rows; clip or correct it");
    }
  }
  return moments;
}

template <typename Feature>
class ElementwiseTransform final : public Transform {
 public:
  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return Feature::kName; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  struct FittedColumn {
    std::string name;
    std::vector<Feature> elements;  // one for a scalar column
  };
  void apply_to(Column& column, int64_t n_rows, const std::vector<Feature>& elements,
                const kernels::Parallel& parallel) const;

  std::vector<FittedColumn> columns_;
};

template <typename Feature>
std::unique_ptr<Transform> ElementwiseTransform<Feature>::fit(const FitInput& input) {
  require_kind(input, ColumnKind::kNumeric, "put one_hot or ordinal before it, or drop the column");
  std::vector<double> parameters;
  for (const FeatureParameter& parameter : Feature::kParameters) {
    parameters.push_back(parameter_of(input.config, parameter));
  }
  std::vector<ColumnMoments> moments;
  if constexpr (Feature::kNeedsMoments) moments = training_moments(input);

  auto transform = std::make_unique<ElementwiseTransform>();
  size_t next = 0;
  for (const size_t index : input.columns) {
    const Column& column = input.table.columns[index];
    FittedColumn& fitted = transform->columns_.emplace_back();
    fitted.name = column.name;
    for (int64_t i = 0; i < column.width(); ++i, ++next) {
      const ColumnMoments of_element = Feature::kNeedsMoments ? moments[next] : ColumnMoments{};
      fitted.elements.push_back(Feature::fit(of_element, parameters));
    }
  }
  return transform;
}

template <typename Feature>
void ElementwiseTransform<Feature>::apply(Table& table, const kernels::Parallel& parallel) const {
  for (const FittedColumn& fitted : columns_) {
    Column& column = fitted_column(table, fitted.name, ColumnKind::kNumeric,
                                   static_cast<int64_t>(fitted.elements.size()), Feature::kName);
    apply_to(column, table.n_rows, fitted.elements, parallel);
  }
}

template <typename Feature>
void ElementwiseTransform<Feature>::apply_to(Column& column, int64_t n_rows,
                                             const std::vector<Feature>& elements,
                                             const kernels::Parallel& parallel) const {
  const auto width = static_cast<int64_t>(elements.size());
  FirstRow fault;  // as the index of a value
  // A faulty value stays as it was, so that the message can show it.
  const auto transform_rows = [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* const values = column.values.data() + row * width;
      for (int64_t i = 0; i < width; ++i) {
        const float result = elements[static_cast<size_t>(i)](values[i]);
        if (kernels::is_finite(values[i]) && !kernels::is_finite(result)) {
          fault.report(row * width + i);
        } else {
          values[i] = result;
        }
      }
    }
  };
  parallel.for_ranges(n_rows, std::max<int64_t>(1, kGrainElements / width), transform_rows);
  if (!fault.found()) return;
  throw Error(ErrorKind::kData,
              std::string(Feature::kName) + ": column \"" +
                  column.element_name(fault.row() % width) + "\", " +
                  row_label(fault.row() / width) + ": has no finite result for " +
                  shortest_decimal(column.values[static_cast<size_t>(fault.row())]) +
                  "; clip or correct the column first");
}

template <typename Feature>
void ElementwiseTransform<Feature>::save(Hdf5Node& group) const {
  std::vector<std::string> names;
  std::vector<int64_t> widths;
  for (const FittedColumn& column : columns_) {
    names.push_back(column.name);
    widths.push_back(static_cast<int64_t>(column.elements.size()));
  }
  group.set_dataset("columns", Array::of(std::move(names)));
  group.set_dataset(
      "widths", Array::of(std::span<const int64_t>(widths), {static_cast<int64_t>(widths.size())}));
  for (const FeatureField<Feature>& field : Feature::fields()) {
    std::vector<double> values;
    for (const FittedColumn& column : columns_) {
      for (const Feature& element : column.elements) values.push_back(element.*field.member);
    }
    group.set_dataset(field.name, Array::of(std::span<const double>(values),
                                            {static_cast<int64_t>(values.size())}));
  }
}

template <typename Feature>
std::unique_ptr<Transform> ElementwiseTransform<Feature>::load(const Hdf5Node& group) {
  auto transform = std::make_unique<ElementwiseTransform>();
  const std::vector<std::string> names = stored_texts(group, "columns");
  int64_t total = 0;
  const std::vector<int64_t> widths =
      stored_widths(group, "widths", static_cast<int64_t>(names.size()), total);
  std::vector<std::vector<double>> values;
  for (const FeatureField<Feature>& field : Feature::fields()) {
    values.push_back(stored_doubles(group, field.name, total));
  }
  size_t next = 0;
  for (size_t c = 0; c < names.size(); ++c) {
    FittedColumn& column = transform->columns_.emplace_back();
    column.name = names[c];
    column.elements.resize(static_cast<size_t>(widths[c]));
    for (Feature& element : column.elements) {
      size_t f = 0;
      for (const FeatureField<Feature>& field : Feature::fields()) {
        element.*field.member = values[f++][next];
      }
      ++next;
    }
  }
  return transform;
}

}  // namespace

std::vector<TransformEntry> elementwise_transforms() {
  std::vector<TransformEntry> entries;
  kernels::for_each_feature([&]<typename Feature>() {
    entries.push_back({Feature::kName, false, ElementwiseTransform<Feature>::fit,
                       ElementwiseTransform<Feature>::load});
  });
  return entries;
}

}  // namespace reprotrain::engine
