// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_collector.h"

#include <algorithm>
#include <cassert>

#include "engine/data/canonical_dataset.h"
#include "engine/data/canonical_name.h"
#include "engine/data/little_endian.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// Names and types of the leaves of a compound, depth first; nested names are joined by '.'.
void append_named_leaves(const Hdf5Type& type, const std::string& prefix,
                         std::vector<std::pair<std::string, Hdf5Type>>& out) {
  for (const Hdf5Member& member : type.members) {
    const std::string name = prefix + member.name;
    if (member.type.type_class == Hdf5Class::kCompound) {
      append_named_leaves(member.type, name + ".", out);
    } else {
      out.emplace_back(name, member.type);
    }
  }
}

std::optional<int64_t> integer_value(const Hdf5Type& type, const std::vector<std::byte>& bytes) {
  const bool fits = type.type_class == Hdf5Class::kInteger &&
                    static_cast<int64_t>(bytes.size()) == type.size_bytes;
  if (!fits) return std::nullopt;
  const bool negative = type.is_signed && (bytes.back() & std::byte{0x80}) != std::byte{0};
  int64_t value = negative ? -1 : 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  if (!type.is_signed && value < 0) return std::nullopt;
  return value;
}

}  // namespace

int64_t CollectedDataset::values_per_row() const {
  if (header.shape.empty()) return 1;
  return Hdf5Header{{}, {header.shape.begin() + 1, header.shape.end()}}.n_elements();
}

bool Hdf5Collector::is_canonical() const {
  const auto root = groups.find("");
  return root != groups.end() && root->second.integers.contains(std::string(kCanonicalMark));
}

void Hdf5Collector::begin_group(std::string_view name) {
  if (!name.empty()) group_ += "/" + std::string(name);
  groups[group_];
}

void Hdf5Collector::end_group() { group_.resize(group_.empty() ? 0 : group_.rfind('/')); }

void Hdf5Collector::begin_dataset(std::string_view name, const Hdf5Header& header) {
  in_dataset_ = true;
  collectors_.clear();
  leaf_names_.clear();
  datasets.push_back({group_ + "/" + std::string(name), header, {}, {}});
  if (header.type.type_class != Hdf5Class::kCompound) {
    const std::string path = datasets.back().path;
    add_column(path.substr(1), header.type);
    return;
  }
  std::vector<std::pair<std::string, Hdf5Type>> named;
  append_named_leaves(header.type, "", named);
  for (const auto& [leaf_name, leaf] : named) {
    add_column(leaf_name, leaf);
    leaf_names_.push_back(leaf_name);
  }
}

/// The rule for a column called `column`, or for a dataset of a canonical file at that path.
CollectAs Hdf5Collector::rule_for(const std::string& column, const Hdf5Type& leaf) const {
  std::string name = column;
  if (is_canonical()) {
    const std::string prefix = std::string(kCanonicalColumns) + "/";
    const std::string rest = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
    const std::string part =
        rest.find('/') == std::string::npos ? "" : rest.substr(rest.find('/') + 1);
    if (part == kCanonicalCodes && leaf == Hdf5Type::integer(4, true)) return CollectAs::kCodes;
    if (part == kCanonicalCategories && leaf == Hdf5Type::string()) return CollectAs::kTexts;
    name = from_link_name(rest).value_or(rest);
  } else if (column == "feature_names" && leaf == Hdf5Type::string()) {
    return CollectAs::kTexts;
  }
  const auto kind = config_.column_kinds.find(name);
  const bool categorical =
      kind != config_.column_kinds.end() && kind->second == ColumnKind::kCategorical;
  return categorical ? CollectAs::kCategories : CollectAs::kInferred;
}

void Hdf5Collector::add_column(const std::string& column, const Hdf5Type& leaf) {
  const int64_t n = datasets.back().header.n_elements();
  const int64_t most = memory_bytes_left_ / static_cast<int64_t>(sizeof(float));
  if (std::max(n, datasets.back().values_per_row()) > most) {
    throw Error(ErrorKind::kData,
                place() + " does not fit in the memory of this machine; split it");
  }
  memory_bytes_left_ -= n * static_cast<int64_t>(sizeof(float));
  const CollectAs rule = rule_for(column, leaf);
  const int64_t n_reserved = rule == CollectAs::kTexts ? 0 : n;
  collectors_.emplace_back(place(), leaf, rule, n_reserved);
  const bool is_block = datasets.back().values_per_row() != 1;
  if (!is_block || !collectors_.back().is_categorical()) return;
  if (rule == CollectAs::kCategories) {
    throw Error(ErrorKind::kConfig, place() +
                                        " has several values a row, so it cannot be "
                                        "categorical; remove it from the column kinds");
  }
  throw Error(ErrorKind::kData, place() + " has several texts a row; store one dataset a column");
}

void Hdf5Collector::end_dataset() {
  std::vector<Column>& columns = datasets.back().columns;
  for (ColumnCollector& collector : collectors_) columns.push_back(collector.finish());
  for (size_t i = 0; i < leaf_names_.size(); ++i) columns[i].name = leaf_names_[i];
  in_dataset_ = false;
}

void Hdf5Collector::begin_attribute(std::string_view name, const Hdf5Header& header) {
  attribute_ = OpenAttribute{std::string(name), header.type, {}};
}

void Hdf5Collector::end_attribute() {
  if (attribute_->type.type_class == Hdf5Class::kString) {
    std::span<const std::byte> rest = attribute_->elements;
    auto& texts = owner().texts[attribute_->name];
    while (!rest.empty()) texts.emplace_back(take_text(rest));
  } else if (const auto value = integer_value(attribute_->type, attribute_->elements)) {
    owner().integers[attribute_->name] = *value;
  }
  attribute_.reset();
}

void Hdf5Collector::data(std::span<const std::byte> elements) {
  if (attribute_) {
    attribute_->elements.insert(attribute_->elements.end(), elements.begin(), elements.end());
  } else if (datasets.back().header.type.type_class != Hdf5Class::kCompound) {
    collectors_.front().append(elements);
  } else {
    while (!elements.empty()) {
      for (ColumnCollector& collector : collectors_) collector.append_one(elements);
    }
  }
}

CollectedAttributes& Hdf5Collector::owner() {
  return in_dataset_ ? datasets.back().attributes : groups[group_];
}

std::string Hdf5Collector::place() const { return file_ + ": dataset " + datasets.back().path; }

}  // namespace reprotrain::engine
