// SPDX-License-Identifier: Apache-2.0
#include "engine/train/targets.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/data/number_text.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/feature/standardize.h"
#include "kernels/loss/class_weights.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::engine {

namespace {

// In the order of the enumerators.
constexpr std::array<const char*, 3> kTaskNames = {"regression", "binary", "multiclass"};

const char* name_of(Task task) { return kTaskNames.at(static_cast<size_t>(task)); }

Task stored_task(const StoredGroup& group) {
  const std::string& name = group.text("task");
  const auto found = std::find(kTaskNames.begin(), kTaskNames.end(), name);
  if (found == kTaskNames.end()) group.refuse("task \"" + name + "\" is unknown");
  return static_cast<Task>(found - kTaskNames.begin());
}

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ErrorKind::kData, sentence); }

std::string row_text(size_t row) { return "row " + std::to_string(row) + " (counted from 0)"; }

void refuse_missing_target(const std::string& column, size_t row) {
  refuse("target column \"" + column + "\" has no value in " + row_text(row) +
         "; remove such rows or choose another data.target");
}

void classes_of_texts(const Column& column, Target& target) {
  std::vector<bool> used(column.categories.size(), false);
  for (size_t row = 0; row < column.codes.size(); ++row) {
    if (column.codes[row] == kMissingCode) refuse_missing_target(column.name, row);
    used[static_cast<size_t>(column.codes[row])] = true;
  }
  std::vector<int32_t> class_of_code(column.categories.size(), kMissingCode);
  for (size_t code = 0; code < used.size(); ++code) {
    if (!used[code]) continue;
    class_of_code[code] = static_cast<int32_t>(target.classes.size());
    target.classes.push_back(column.categories[code]);
  }
  target.class_of_row.reserve(column.codes.size());
  for (int32_t code : column.codes) {
    target.class_of_row.push_back(class_of_code[static_cast<size_t>(code)]);
  }
}

void classes_of_numbers(const Column& column, Target& target) {
  std::map<float, int32_t> class_of_value;
  for (size_t row = 0; row < column.values.size(); ++row) {
    const float value = column.values[row];
    if (kernels::is_nan(value)) refuse_missing_target(column.name, row);
    if (!(value > -0x1p24f && value < 0x1p24f) ||
        static_cast<float>(static_cast<int32_t>(value)) != value) {
      refuse("target column \"" + column.name + "\" holds " + shortest_decimal(value) + " in " +
             row_text(row) +
             ", which is no class label; use loss mse or huber, or declare the column "
             "categorical in data.columns");
    }
    class_of_value.emplace(value + 0.0f, 0);  // -0 and +0 are one class
  }
  for (auto& [value, index] : class_of_value) {
    index = static_cast<int32_t>(target.classes.size());
    target.classes.push_back(shortest_decimal(value));
  }
  target.class_of_row.reserve(column.values.size());
  for (float value : column.values) target.class_of_row.push_back(class_of_value.at(value + 0.0f));
}

void check_class_count(const Target& target, LossKind loss) {
  if (target.classes.size() < 2) {
    refuse("target column \"" + target.name + "\" has only the class \"" +
           (target.classes.empty() ? std::string() : target.classes.front()) +
           "\"; a classifier needs at least two");
  }
  if (loss == LossKind::kBinaryCrossEntropy && target.classes.size() > 2) {
    refuse("target column \"" + target.name + "\" has " + std::to_string(target.classes.size()) +
           " classes but train.loss is binary_cross_entropy; use cross_entropy");
  }
}

void read_numbers(const Column& column, Target& target) {
  if (column.kind != ColumnKind::kNumeric) {
    refuse("target column \"" + column.name +
           "\" is not numeric but train.loss regresses; use cross_entropy or another data.target");
  }
  for (size_t row = 0; row < column.values.size(); ++row) {
    if (kernels::is_nan(column.values[row])) refuse_missing_target(column.name, row);
    if (!kernels::is_finite(column.values[row])) {
      refuse("target column \"" + column.name + "\" is infinite in " + row_text(row) +
             "; remove such rows");
    }
  }
  target.values = column.values;
}

}  // namespace

int64_t Target::n_outputs() const {
  return task == Task::kMulticlass ? static_cast<int64_t>(classes.size()) : 1;
}

Target read_target(const Table& table, const std::string& name, LossKind loss) {
  const Column& column = table.columns[static_cast<size_t>(table.require(name, "data.target"))];
  if (column.width() != 1) {
    refuse("target column \"" + name + "\" has " + std::to_string(column.width()) +
           " values per row; choose a column with one");
  }
  Target target;
  target.name = name;
  if (loss == LossKind::kMse || loss == LossKind::kHuber) {
    read_numbers(column, target);
    return target;
  }
  target.task = loss == LossKind::kBinaryCrossEntropy ? Task::kBinary : Task::kMulticlass;
  if (column.kind == ColumnKind::kCategorical) {
    classes_of_texts(column, target);
  } else {
    classes_of_numbers(column, target);
  }
  check_class_count(target, loss);
  return target;
}

void fit_target_scale(Target& target, TargetTransform transform,
                      std::span<const int64_t> train_rows) {
  if (target.task != Task::kRegression || transform == TargetTransform::kNone) return;
  const auto moments = kernels::column_moments({target.values.data(), 1, train_rows});
  const auto fitted = kernels::Standardize::fit(moments, {});
  target.scale = {fitted.mean, fitted.deviation};
}

std::vector<float> scaled_values(const Target& target) {
  const kernels::Standardize scale{target.scale.mean, target.scale.deviation};
  std::vector<float> scaled(target.values.size());
  for (size_t row = 0; row < scaled.size(); ++row) scaled[row] = scale(target.values[row]);
  return scaled;
}

float unscaled(const TargetScale& scale, float output) {
  return kernels::Standardize{scale.mean, scale.deviation}.inverse(output);
}

std::vector<float> class_weights(const LossConfig& loss, const Target& target,
                                 std::span<const int64_t> train_rows) {
  const size_t n_classes = target.classes.size();
  if (loss.class_weights == ClassWeightRule::kGiven) {
    if (loss.given_class_weights.size() != n_classes) {
      throw Error(ErrorKind::kConfig, "/train/loss/class_weights has " +
                                          std::to_string(loss.given_class_weights.size()) +
                                          " weights but column \"" + target.name + "\" has " +
                                          std::to_string(n_classes) +
                                          " classes; give one weight per class");
    }
    std::vector<float> weights;
    for (double weight : loss.given_class_weights) weights.push_back(static_cast<float>(weight));
    return weights;
  }
  if (loss.class_weights == ClassWeightRule::kNone) return {};
  std::vector<float> weights(n_classes);
  std::vector<int64_t> count(n_classes, 0);
  for (int64_t row : train_rows) {
    ++count[static_cast<size_t>(target.class_of_row[static_cast<size_t>(row)])];
  }
  for (size_t index = 0; index < n_classes; ++index) {
    if (count[index] == 0) {
      refuse("class \"" + target.classes[index] + "\" of column \"" + target.name +
             "\" has no training row, so balanced weights are undefined; set data.split.stratify");
    }
    weights[index] = kernels::balanced_class_weight(static_cast<int64_t>(train_rows.size()),
                                                    static_cast<int64_t>(n_classes), count[index]);
  }
  return weights;
}

void save_target(const Target& target, Hdf5Node& group) {
  group.attributes["name"] = Array::scalar(target.name);
  group.attributes["task"] = Array::scalar(std::string(name_of(target.task)));
  if (target.task == Task::kRegression) {
    group.set_dataset("mean", Array::scalar(target.scale.mean));
    group.set_dataset("deviation", Array::scalar(target.scale.deviation));
  } else {
    group.set_dataset("classes", Array::of(target.classes));
  }
}

Target load_target(const StoredGroup& group) {
  Target target;
  target.name = group.text("name");
  target.task = stored_task(group);
  if (target.task == Task::kRegression) {
    target.scale.mean = group.real_dataset("mean");
    target.scale.deviation = group.real_dataset("deviation");
    return target;
  }
  target.classes = group.list("classes", ElementType::kString).strings;
  const size_t n_classes = target.classes.size();
  if (n_classes < 2 || (target.task == Task::kBinary && n_classes > 2)) {
    group.refuse("the number of its classes does not suit its task");
  }
  return target;
}

}  // namespace reprotrain::engine
