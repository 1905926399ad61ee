// SPDX-License-Identifier: Apache-2.0
#include "engine/features/feature_plan.h"

#include <algorithm>
#include <set>

#include "engine/features/category_map.h"
#include "engine/features/column_access.h"
#include "engine/features/stored_state.h"
#include "engine/features/transform_list.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

// A column that the plan needs, as it was in the training data.
struct InputColumn {
  std::string name;
  ColumnKind kind = ColumnKind::kNumeric;
  std::vector<int64_t> item_shape;
};

std::string form_of(ColumnKind kind, const std::vector<int64_t>& item_shape) {
  std::string form = kind == ColumnKind::kNumeric ? "numeric" : "categorical";
  if (item_shape.empty()) return form;
  form += " of shape (";
  for (size_t i = 0; i < item_shape.size(); ++i) {
    form += (i == 0 ? "" : ", ") + std::to_string(item_shape[i]);
  }
  return form + ")";
}

// Inputs that a select or drop removed before anything read them: they need not be there again.
void forget_unread_inputs(std::vector<InputColumn>& inputs, const Table& table,
                          const std::set<std::string>& read) {
  std::erase_if(inputs, [&](const InputColumn& input) {
    return table.find(input.name) < 0 && read.count(input.name) == 0;
  });
}

std::vector<InputColumn> load_inputs(const Hdf5Node& group) {
  const int64_t n_inputs = stored_integer_attribute(group, "n_columns");
  std::vector<InputColumn> inputs;
  for (int64_t i = 0; i < n_inputs; ++i) {
    const Hdf5Node& node = group.require(ordered_name(i), "the stored features");
    InputColumn& input = inputs.emplace_back();
    input.name = stored_text_attribute(node, "column");
    const std::string kind = stored_text_attribute(node, "kind");
    if (kind != "numeric" && kind != "categorical") {
      fail_stored_state("there is no kind of column " + short_quote(kind));
    }
    input.kind = kind == "numeric" ? ColumnKind::kNumeric : ColumnKind::kCategorical;
    input.item_shape = stored_integers(node, "item_shape");
  }
  return inputs;
}

void save_inputs(const std::vector<InputColumn>& inputs, Hdf5Node& group) {
  group.attributes["n_columns"] = Array::scalar(static_cast<int64_t>(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i) {
    Hdf5Node& node = group.at_or_create(ordered_name(static_cast<int64_t>(i)));
    node.attributes["column"] = Array::scalar(inputs[i].name);
    node.attributes["kind"] = Array::scalar(form_of(inputs[i].kind, {}));
    node.set_dataset("item_shape", Array::of(std::span<const int64_t>(inputs[i].item_shape),
                                             {static_cast<int64_t>(inputs[i].item_shape.size())}));
  }
}

}  // namespace

struct FeaturePlan::State {
  std::vector<InputColumn> inputs;
  std::vector<std::unique_ptr<Transform>> transforms;

  void arrange_inputs(Table& table) const;
};

// Brings the table into the form of the training data: its columns, in its order, and no others.
void FeaturePlan::State::arrange_inputs(Table& table) const {
  std::vector<Column> arranged;
  for (const InputColumn& input : inputs) {
    const int64_t index = table.find(input.name);
    if (index < 0) {
      throw Error(ErrorKind::kData, "the data has no column \"" + input.name +
                                        "\", which the features were fitted with; add it");
    }
    Column& column = table.columns[static_cast<size_t>(index)];
    if (column.kind != input.kind || column.item_shape != input.item_shape) {
      throw Error(ErrorKind::kData, "column \"" + input.name + "\" is " +
                                        form_of(column.kind, column.item_shape) + ", but was " +
                                        form_of(input.kind, input.item_shape) +
                                        " when the features were fitted; give it the same form");
    }
    arranged.push_back(std::move(column));
    column.name.clear();  // moved from
  }
  table.columns = std::move(arranged);
}

FeaturePlan::FeaturePlan() : state_(std::make_unique<State>()) {}
FeaturePlan::~FeaturePlan() = default;
FeaturePlan::FeaturePlan(FeaturePlan&&) noexcept = default;
FeaturePlan& FeaturePlan::operator=(FeaturePlan&&) noexcept = default;

FeaturePlan FeaturePlan::fit(std::span<const TransformConfig> configs, Table& table,
                             std::span<const int64_t> train_rows,
                             std::span<const std::string> excluded,
                             const kernels::Parallel& parallel) {
  std::erase_if(table.columns, [&](const Column& column) {
    return std::find(excluded.begin(), excluded.end(), column.name) != excluded.end();
  });
  FeaturePlan plan;
  State& state = *plan.state_;
  for (const Column& column : table.columns) {
    state.inputs.push_back({column.name, column.kind, column.item_shape});
  }
  std::set<std::string> read;  // columns whose values some transform used
  for (const TransformConfig& config : configs) {
    const TransformEntry& entry = require_transform(config.op, config.config_pointer);
    const FitInput input{config, table, select_columns(config, table), train_rows, parallel};
    if (!entry.only_chooses_columns) {
      for (const size_t index : input.columns) read.insert(table.columns[index].name);
    }
    state.transforms.push_back(entry.fit(input));
    state.transforms.back()->apply(table, parallel);
    forget_unread_inputs(state.inputs, table, read);
  }
  return plan;
}

void FeaturePlan::apply(Table& table, const kernels::Parallel& parallel) const {
  state_->arrange_inputs(table);
  for (const auto& transform : state_->transforms) transform->apply(table, parallel);
}

std::map<std::string, ColumnKind> FeaturePlan::input_kinds() const {
  std::map<std::string, ColumnKind> kinds;
  for (const InputColumn& input : state_->inputs) kinds[input.name] = input.kind;
  return kinds;
}

void FeaturePlan::save(Hdf5Node& group) const {
  save_inputs(state_->inputs, group.at_or_create("inputs"));
  Hdf5Node& transforms = group.at_or_create("transforms");
  transforms.attributes["n_transforms"] =
      Array::scalar(static_cast<int64_t>(state_->transforms.size()));
  for (size_t i = 0; i < state_->transforms.size(); ++i) {
    Hdf5Node& node = transforms.at_or_create(ordered_name(static_cast<int64_t>(i)));
    node.attributes["op"] = Array::scalar(std::string(state_->transforms[i]->op()));
    state_->transforms[i]->save(node);
  }
}

FeaturePlan FeaturePlan::load(const Hdf5Node& group) {
  FeaturePlan plan;
  plan.state_->inputs = load_inputs(group.require("inputs", "the stored features"));
  const Hdf5Node& transforms = group.require("transforms", "the stored features");
  const int64_t n_transforms = stored_integer_attribute(transforms, "n_transforms");
  for (int64_t i = 0; i < n_transforms; ++i) {
    const Hdf5Node& node = transforms.require(ordered_name(i), "the stored features");
    const std::string op = stored_text_attribute(node, "op");
    const TransformEntry* const entry = find_transform(op);
    if (entry == nullptr) fail_stored_state("there is no transform " + short_quote(op));
    plan.state_->transforms.push_back(entry->load(node));
  }
  return plan;
}

}  // namespace reprotrain::engine
