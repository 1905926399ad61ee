// SPDX-License-Identifier: Apache-2.0
#include "engine/data/canonical_dataset.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/data/atomic_file.h"
#include "engine/data/canonical_name.h"
#include "engine/data/content_id.h"
#include "engine/data/hdf5_writer.h"
#include "engine/data/utf8.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

void require_text(const Column& column, std::string_view text, const char* what) {
  if (text.find('\0') == std::string_view::npos && is_utf8(text)) return;
  throw Error(ErrorKind::kData,
              "column \"" + column.name + "\": " + what +
                  " holds a zero byte or is not UTF-8; convert the data to UTF-8");
}

void emit_attribute(std::string_view name, int64_t value, Hdf5Visitor& visitor) {
  visitor.begin_attribute(name, {Hdf5Type::integer(8, true), {}});
  visitor.data(std::as_bytes(std::span(&value, 1)));
  visitor.end_attribute();
}

void emit_texts(std::span<const std::string> texts, Hdf5Visitor& visitor) {
  std::vector<std::byte> piece;
  for (size_t i = 0; i < texts.size(); ++i) {
    append_text(piece, texts[i]);
    if (piece.size() >= kPieceBytes || i + 1 == texts.size()) {
      visitor.data(piece);
      piece.clear();
    }
  }
}

/// Elements through `map`, in pieces, without a second copy of the column.
template <typename T, typename Map>
void emit_mapped(std::span<const T> values, const Map& map, Hdf5Visitor& visitor) {
  std::vector<T> piece(std::min(values.size(), kPieceBytes / sizeof(T)));
  while (!values.empty()) {
    const size_t n = std::min(values.size(), piece.size());
    std::transform(values.begin(), values.begin() + static_cast<ptrdiff_t>(n), piece.begin(), map);
    visitor.data(std::as_bytes(std::span(piece).first(n)));
    values = values.subspan(n);
  }
}

void emit_numeric(const Column& column, const std::string& link, int64_t n_rows, int64_t position,
                  Hdf5Visitor& visitor) {
  assert(static_cast<int64_t>(column.values.size()) == n_rows * column.width());
  std::vector<int64_t> shape = {n_rows};
  shape.insert(shape.end(), column.item_shape.begin(), column.item_shape.end());
  visitor.begin_dataset(link, {Hdf5Type::floating(4), shape});
  if (!column.element_names.empty()) {
    for (const std::string& name : column.element_names)
      require_text(column, name, "an element name");
    visitor.begin_attribute(
        kCanonicalElementNames,
        {Hdf5Type::string(), {static_cast<int64_t>(column.element_names.size())}});
    emit_texts(column.element_names, visitor);
    visitor.end_attribute();
  }
  emit_attribute(kCanonicalPosition, position, visitor);
  emit_mapped(
      std::span(column.values), [](float v) { return kernels::canonical(v); }, visitor);
  visitor.end_dataset();
}

/// The categories that rows use, and for each old code its new one.
struct UsedCategories {
  std::vector<std::string> texts;
  std::vector<int32_t> new_code;
};

UsedCategories used_categories(const Column& column) {
  std::vector<bool> used(column.categories.size(), false);
  for (const int32_t code : column.codes) {
    if (code != kMissingCode) used[static_cast<size_t>(code)] = true;
  }
  UsedCategories result;
  for (size_t code = 0; code < used.size(); ++code) {
    result.new_code.push_back(static_cast<int32_t>(result.texts.size()));
    if (used[code]) result.texts.push_back(column.categories[code]);
  }
  return result;
}

void emit_categorical(const Column& column, const std::string& link, int64_t n_rows,
                      int64_t position, Hdf5Visitor& visitor) {
  assert(static_cast<int64_t>(column.codes.size()) == n_rows);
  const UsedCategories used = used_categories(column);
  for (const std::string& text : used.texts) require_text(column, text, "a category");
  visitor.begin_group(link);
  emit_attribute(kCanonicalPosition, position, visitor);
  visitor.begin_dataset(kCanonicalCategories,
                        {Hdf5Type::string(), {static_cast<int64_t>(used.texts.size())}});
  emit_texts(used.texts, visitor);
  visitor.end_dataset();
  visitor.begin_dataset(kCanonicalCodes, {Hdf5Type::integer(4, true), {n_rows}});
  const auto renumber = [&](int32_t code) {
    return code == kMissingCode ? kMissingCode : used.new_code[static_cast<size_t>(code)];
  };
  emit_mapped(std::span(column.codes), renumber, visitor);
  visitor.end_dataset();
  visitor.end_group();
}

/// Positions of the columns, by link name.
std::map<std::string, size_t> link_names(const Table& table) {
  std::map<std::string, size_t> links;
  for (size_t position = 0; position < table.columns.size(); ++position) {
    const Column& column = table.columns[position];
    const std::string link = to_link_name(column.name);
    if (!is_utf8(link)) require_text(column, column.name, "its name");
    if (!links.emplace(link, position).second) {
      throw Error(ErrorKind::kData,
                  "column \"" + column.name + "\" occurs twice; rename one of them");
    }
  }
  return links;
}

}  // namespace

void emit_canonical_dataset(const Table& table, Hdf5Visitor& visitor) {
  visitor.begin_group("");
  emit_attribute(kCanonicalRows, table.n_rows, visitor);
  emit_attribute(kCanonicalMark, kCanonicalDatasetVersion, visitor);
  visitor.begin_group(kCanonicalColumns);
  for (const auto& [link, position] : link_names(table)) {
    const Column& column = table.columns[position];
    const auto emit = column.kind == ColumnKind::kNumeric ? emit_numeric : emit_categorical;
    emit(column, link, table.n_rows, static_cast<int64_t>(position), visitor);
  }
  visitor.end_group();
  visitor.end_group();
}

void write_canonical_dataset(const Table& table, const std::string& path) {
  replace_file(path, [&](const std::string& temporary) {
    Hdf5FileSink sink(temporary);
    emit_canonical_dataset(table, sink);
    sink.close();
  });
}

std::string canonical_content_id(const Table& table) {
  ContentIdHasher hasher;
  emit_canonical_dataset(table, hasher);
  return hasher.id();
}

}  // namespace reprotrain::engine
