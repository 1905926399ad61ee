// SPDX-License-Identifier: Apache-2.0
#include "engine/features/transform_list.h"

#include "engine/data/closest_name.h"
#include "engine/features/elementwise_transform.h"
#include "engine/features/impute.h"
#include "engine/features/one_hot.h"
#include "engine/features/ordinal.h"
#include "engine/features/select_drop.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

const std::vector<TransformEntry>& transform_list() {
  static const std::vector<TransformEntry> kList = [] {
    std::vector<TransformEntry> list = elementwise_transforms();
    list.push_back({"drop", true, Drop::fit, Drop::load});
    list.push_back({"impute", false, Impute::fit, Impute::load});
    list.push_back({"one_hot", false, OneHot::fit, OneHot::load});
    list.push_back({"ordinal", false, Ordinal::fit, Ordinal::load});
    list.push_back({"select", true, Select::fit, Select::load});
    return list;
  }();
  return kList;
}

const TransformEntry* find_transform(std::string_view op) {
  for (const TransformEntry& entry : transform_list()) {
    if (entry.op == op) return &entry;
  }
  return nullptr;
}

const TransformEntry& require_transform(std::string_view op, std::string_view pointer) {
  if (const TransformEntry* entry = find_transform(op)) return *entry;
  std::vector<std::string> names;
  for (const TransformEntry& entry : transform_list()) names.emplace_back(entry.op);
  throw Error(ErrorKind::kConfig, std::string(pointer) + "/op: there is no transform \"" +
                                      std::string(op) + "\"" + did_you_mean(op, names));
}

}  // namespace reprotrain::engine
