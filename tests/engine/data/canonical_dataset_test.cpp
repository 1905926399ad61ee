// SPDX-License-Identifier: Apache-2.0
#include "engine/data/canonical_dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "engine/data/atomic_file.h"
#include "engine/data/canonical_name.h"
#include "engine/data/content_id.h"
#include "engine/data/hdf5_table.h"
#include "engine/data/hdf5_tree.h"
#include "kernels/base/float_bits.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::error_of;
using testing::TemporaryDirectory;

Column numeric(const std::string& name, std::vector<float> values) {
  Column column;
  column.name = name;
  column.values = std::move(values);
  return column;
}

Column categorical(const std::string& name, std::vector<std::string> categories,
                   std::vector<int32_t> codes) {
  Column column;
  column.name = name;
  column.kind = ColumnKind::kCategorical;
  column.categories = std::move(categories);
  column.codes = std::move(codes);
  return column;
}

Table sample_table() {
  Table table;
  table.n_rows = 3;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  table.columns.push_back(numeric("width", {1.5f, nan, -0.0f}));
  table.columns.push_back(categorical("colour", {"", "größe", "red"}, {2, kMissingCode, 0}));
  table.columns.back().codes = {2, kMissingCode, 1};
  table.columns.back().categories = {"", "größe", "red"};
  table.columns.push_back(numeric("image", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  table.columns.back().item_shape = {2, 2};
  table.columns.push_back(numeric("named", {1, 2, 3, 4, 5, 6}));
  table.columns.back().item_shape = {2};
  table.columns.back().element_names = {"left", "right"};
  table.columns.push_back(numeric("a/b%c", {7, 8, 9}));
  table.columns.push_back(numeric(".", {7, 8, 9}));
  table.columns.push_back(numeric("", {7, 8, 9}));
  return table;
}

void expect_equal(const Table& a, const Table& b) {
  EXPECT_EQ(a.n_rows, b.n_rows);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (size_t i = 0; i < a.columns.size(); ++i) {
    const Column& x = a.columns[i];
    const Column& y = b.columns[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.kind, y.kind) << x.name;
    EXPECT_EQ(x.item_shape, y.item_shape) << x.name;
    EXPECT_EQ(x.element_names, y.element_names) << x.name;
    EXPECT_EQ(x.codes, y.codes) << x.name;
    EXPECT_EQ(x.categories, y.categories) << x.name;
    ASSERT_EQ(x.values.size(), y.values.size()) << x.name;
    for (size_t k = 0; k < x.values.size(); ++k) {
      EXPECT_EQ(kernels::bits_of(x.values[k]), kernels::bits_of(y.values[k])) << x.name;
    }
  }
}

/// What a reader gives back: unused categories are gone.
Table without_unused_categories(Table table) {
  table.columns[1].categories = {"größe", "red"};
  table.columns[1].codes = {1, kMissingCode, 0};
  return table;
}

TEST(CanonicalDataset, ComesBackAsTheSameTable) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("d.h5");
  write_canonical_dataset(sample_table(), path);
  expect_equal(read_hdf5_table(path, {}).table, without_unused_categories(sample_table()));
}

TEST(CanonicalDataset, ContentIdWithoutWritingIsThatOfTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("d.h5");
  for (const Table& table : {sample_table(), Table{}}) {
    write_canonical_dataset(table, path);
    EXPECT_EQ(canonical_content_id(table), hdf5_content_id(path));
    EXPECT_EQ(canonical_content_id(table), read_hdf5_table(path, {}).content_id);
  }
}

TEST(CanonicalDataset, EqualTablesGiveEqualBytes) {
  const TemporaryDirectory directory;
  write_canonical_dataset(sample_table(), directory.file("a.h5"));
  write_canonical_dataset(sample_table(), directory.file("b.h5"));
  EXPECT_TRUE(read_file(directory.file("a.h5")) == read_file(directory.file("b.h5")));
}

TEST(CanonicalDataset, MissingTextIsNotTheEmptyText) {
  Table missing, empty;
  missing.n_rows = empty.n_rows = 1;
  missing.columns.push_back(categorical("c", {}, {kMissingCode}));
  empty.columns.push_back(categorical("c", {""}, {0}));
  EXPECT_NE(canonical_content_id(missing), canonical_content_id(empty));
}

TEST(CanonicalDataset, UnusedCategoriesAndNanPayloadsDoNotMatter) {
  Table table = without_unused_categories(sample_table());
  EXPECT_EQ(canonical_content_id(table), canonical_content_id(sample_table()));
  table.columns[0].values[1] = kernels::float_from_bits(0xffc12345u);
  EXPECT_EQ(canonical_content_id(table), canonical_content_id(sample_table()));
  table.columns[0].values[2] = 0.0f;
  EXPECT_NE(canonical_content_id(table), canonical_content_id(sample_table()));
}

TEST(CanonicalDataset, OrderOfColumnsMatters) {
  Table table = sample_table();
  std::swap(table.columns[0], table.columns[2]);
  EXPECT_NE(canonical_content_id(table), canonical_content_id(sample_table()));
}

TEST(CanonicalDataset, ManyRowsAndNamesSurvive) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("d.h5");
  Table table;
  table.n_rows = 65'537;
  std::vector<float> values(static_cast<size_t>(table.n_rows) * 7);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 3.0f;
  table.columns.push_back(numeric("X", std::move(values)));
  table.columns[0].item_shape = {7};
  std::vector<std::string> texts;
  std::vector<int32_t> codes;
  for (int32_t i = 0; i < 65'537; ++i) {
    texts.push_back("t" + std::to_string(1'000'000 + i));
    codes.push_back(65'536 - i);
  }
  table.columns.push_back(categorical("c", texts, codes));
  write_canonical_dataset(table, path);
  const Hdf5Table read = read_hdf5_table(path, {});
  expect_equal(read.table, table);
  EXPECT_EQ(read.content_id, canonical_content_id(table));
}

TEST(CanonicalDataset, NamesHaveOneSpellingEach) {
  for (const std::string name : {"", ".", "..", "a", "a/b", "%", "%25", "100%", "größe"}) {
    const std::string link = to_link_name(name);
    EXPECT_EQ(link.find('/'), std::string::npos);
    EXPECT_FALSE(link.empty() || link == ".");
    EXPECT_EQ(from_link_name(link), name);
  }
  EXPECT_EQ(to_link_name(std::string("a\0b", 3)), "a%00b");
  for (const std::string link : {"%2", "%2f", "a%", "%%", "%2E%2E", "x%2E"}) {
    EXPECT_EQ(from_link_name(link), std::nullopt) << link;
  }
}

TEST(CanonicalDataset, ImpossibleTablesAreOneSentenceAndLeaveNothing) {
  const TemporaryDirectory directory;
  const auto sentence = [&](const Table& table) {
    return error_of([&] { write_canonical_dataset(table, directory.file("d.h5")); });
  };
  Table table;
  table.n_rows = 1;
  table.columns = {numeric("x", {1}), numeric("x", {2})};
  EXPECT_EQ(sentence(table), "column \"x\" occurs twice; rename one of them");
  table.columns = {categorical("x", {std::string("a\0b", 3)}, {0})};
  EXPECT_EQ(sentence(table),
            "column \"x\": a category holds a zero byte or is not UTF-8; convert the "
            "data to UTF-8");
  EXPECT_TRUE(std::filesystem::is_empty(directory.file("")));
}

TEST(CanonicalDataset, AFileThatOnlyClaimsToBeOneIsRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("d.h5");
  const auto sentence = [&](const Hdf5Node& root) {
    write_hdf5(root, path);
    return error_of([&] { read_hdf5_table(path, {}); });
  };
  const std::string expected =
      path +
      ": is marked as a reprotrain dataset but is not laid out as one; import the source again";
  const std::vector<float> two = {1, 2};
  const std::vector<int32_t> codes = {0, 5};
  Hdf5Node root;
  root.attributes["reprotrain_dataset"] = Array::scalar(int64_t{1});
  EXPECT_EQ(sentence(root), expected);
  root.attributes["n_rows"] = Array::scalar(int64_t{2});
  EXPECT_EQ(sentence(root), "(no error)");
  Hdf5Node no_position = root;
  no_position.set_dataset("columns/x", Array::of(std::span(two), {2}));
  EXPECT_EQ(sentence(no_position), expected);
  Hdf5Node wrong_position = no_position;
  wrong_position.at_or_create("columns/x").attributes["position"] = Array::scalar(int64_t{1});
  EXPECT_EQ(sentence(wrong_position), expected);
  Hdf5Node bad_code = root;
  bad_code.at_or_create("columns/c").attributes["position"] = Array::scalar(int64_t{0});
  bad_code.set_dataset("columns/c/categories", Array::of(std::vector<std::string>{"a", "b"}));
  bad_code.set_dataset("columns/c/codes", Array::of(std::span(codes), {2}));
  EXPECT_EQ(sentence(bad_code), expected);
  Hdf5Node elsewhere = root;
  elsewhere.set_dataset("x", Array::of(std::span(two), {2}));
  EXPECT_EQ(sentence(elsewhere), expected);
}

}  // namespace
}  // namespace reprotrain::engine
