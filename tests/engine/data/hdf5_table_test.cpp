// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/data/content_id.h"
#include "engine/data/hdf5_column.h"
#include "engine/data/hdf5_tree.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "tests/engine/data/foreign_hdf5.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::error_of;
using testing::TemporaryDirectory;

class Hdf5TableTest : public ::testing::Test {
 protected:
  Table read(const Hdf5Node& root, const DataConfig& config = {}) {
    write_hdf5(root, path_);
    return read_hdf5_table(path_, config).table;
  }
  std::string sentence(const Hdf5Node& root, const DataConfig& config = {}) {
    return error_of([&] { read(root, config); });
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("d.h5");
};

Hdf5Node flat_file() {
  Hdf5Node root;
  const std::vector<double> x = {0.1, 1, 2, 3, 4, 1e-50};
  const std::vector<int64_t> rows = {16'777'217, 16'777'219, -5};
  root.set_dataset("X", Array::of(std::span(x), {3, 2}));
  root.set_dataset("row_id", Array::of(std::span(rows), {3}));
  root.set_dataset("y", Array::of(std::vector<std::string>{"cat", "", "cat"}));
  root.set_dataset("note", Array::scalar(std::string("a scalar is no column")));
  return root;
}

TEST_F(Hdf5TableTest, FlatFileGivesABlockAndScalarColumns) {
  const Table table = read(flat_file());
  EXPECT_EQ(table.n_rows, 3);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].name, "X");
  EXPECT_EQ(table.columns[0].item_shape, std::vector<int64_t>{2});
  EXPECT_EQ(table.columns[0].values, (std::vector<float>{0.1f, 1, 2, 3, 4, 0}));
  EXPECT_EQ(table.columns[1].name, "row_id");
  EXPECT_EQ(table.columns[1].values, (std::vector<float>{16'777'216.0f, 16'777'220.0f, -5.0f}));
  EXPECT_EQ(table.columns[2].name, "y");
  EXPECT_EQ(table.columns[2].categories, (std::vector<std::string>{"", "cat"}));
  EXPECT_EQ(table.columns[2].codes, (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(read_hdf5_table(path_, {}).content_id, hdf5_content_id(path_));
}

TEST_F(Hdf5TableTest, ElementNamesComeFromAnAttributeOrADataset) {
  for (const char* key : {"names", "feature_names", "columns"}) {
    Hdf5Node root = flat_file();
    root.at_or_create("X").attributes[key] = Array::of(std::vector<std::string>{"a", "b"});
    EXPECT_EQ(read(root).columns[0].element_names, (std::vector<std::string>{"a", "b"})) << key;
  }
  Hdf5Node root = flat_file();
  root.set_dataset("feature_names", Array::of(std::vector<std::string>{"c", "d"}));
  const Table table = read(root);
  EXPECT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].element_names, (std::vector<std::string>{"c", "d"}));
  root.set_dataset("feature_names", Array::of(std::vector<std::string>{"c"}));
  EXPECT_EQ(sentence(root), path_ +
                                ": dataset /feature_names holds 1 names for 2 columns; mend the "
                                "names");
}

TEST_F(Hdf5TableTest, EveryNumberTypeBecomesBinary32ByOneRounding) {
  Hdf5Node root;
  const std::vector<uint64_t> wide = {(uint64_t{1} << 63) + (uint64_t{1} << 39) + 1, 16'777'217,
                                      ~0ull};
  root.set_dataset("u", Array::of(std::span(wide), {3}));
  // Half-way plus a little: rounding to binary64 first would lose the little.
  const std::vector<int64_t> deep = {(int64_t{1} << 62) + (int64_t{1} << 38) + 1, -1, 0};
  root.set_dataset("i", Array::of(std::span(deep), {3}));
  Array small;
  small.type = ElementType::kUint8;
  small.shape = {3, 1};
  small.bytes = {std::byte{255}, std::byte{0}, std::byte{7}};
  root.set_dataset("b", small);
  const Table table = read(root);
  EXPECT_EQ(table.columns[0].values, (std::vector<float>{255, 0, 7}));
  EXPECT_TRUE(table.columns[0].item_shape.empty());
  EXPECT_EQ(table.columns[1].values, (std::vector<float>{0x1.000002p62f, -1, 0}));
  EXPECT_EQ(table.columns[2].values, (std::vector<float>{0x1.000002p63f, 16'777'216.0f, 0x1p64f}));
}

TEST_F(Hdf5TableTest, NanIsCanonicalAndMissing) {
  Hdf5Node root;
  const std::vector<double> x = {kernels::double_from_bits(0xfff8000000000001ull), 1.0};
  root.set_dataset("x", Array::of(std::span(x), {2}));
  EXPECT_EQ(kernels::bits_of(read(root).columns[0].values[0]), 0x7fc00000u);
  DataConfig config;
  config.column_kinds["x"] = ColumnKind::kCategorical;
  EXPECT_EQ(read(root, config).columns[0].codes, (std::vector<int32_t>{kMissingCode, 0}));
}

TEST_F(Hdf5TableTest, NumbersTooLargeForBinary32AreAnError) {
  Hdf5Node root;
  const std::vector<double> x = {1.0, -1e300};
  root.set_dataset("x", Array::of(std::span(x), {2}));
  EXPECT_EQ(sentence(root), path_ +
                                ": dataset /x: element 1 is -1e+300, which binary32 cannot hold; "
                                "rescale the values");
}

TEST_F(Hdf5TableTest, KindsCanBeForced) {
  Hdf5Node root;
  const std::vector<int64_t> ids = {9'007'199'254'740'993, -1, 9'007'199'254'740'993};
  const std::vector<double> rates = {0.1, 100'000.0, -0.0};
  root.set_dataset("id", Array::of(std::span(ids), {3}));
  root.set_dataset("rate", Array::of(std::span(rates), {3}));
  root.set_dataset("text", Array::of(std::vector<std::string>{"1.5", "", "-2e3"}));
  DataConfig config;
  config.column_kinds = {{"id", ColumnKind::kCategorical},
                         {"rate", ColumnKind::kCategorical},
                         {"text", ColumnKind::kNumeric}};
  const Table table = read(root, config);
  EXPECT_EQ(table.columns[0].categories, (std::vector<std::string>{"-1", "9007199254740993"}));
  EXPECT_EQ(table.columns[1].categories, (std::vector<std::string>{"0", "0.1", "100000"}));
  EXPECT_EQ(table.columns[2].kind, ColumnKind::kNumeric);
  EXPECT_EQ(table.columns[2].values[0], 1.5f);
  EXPECT_TRUE(kernels::is_nan(table.columns[2].values[1]));
  EXPECT_EQ(table.columns[2].values[2], -2000.0f);
  root.set_dataset("text", Array::of(std::vector<std::string>{"1.5", "x", ""}));
  EXPECT_EQ(sentence(root, config), path_ +
                                        ": column \"text\": \"x\" is not a number; make the column "
                                        "categorical or mend the text");
}

TEST_F(Hdf5TableTest, ABlockCannotBeCategorical) {
  DataConfig config;
  config.column_kinds["X"] = ColumnKind::kCategorical;
  EXPECT_EQ(
      sentence(flat_file(), config),
      path_ +
          ": dataset /X has several values a row, so it cannot be categorical; remove it from "
          "the column kinds");
}

TEST_F(Hdf5TableTest, DatasetsOfDifferentLengthsAreNamed) {
  Hdf5Node root = flat_file();
  root.set_dataset("y", Array::of(std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sentence(root), path_ +
                                ": dataset /y has 2 rows where /X has 3; every dataset of a flat "
                                "file needs the same number");
}

TEST_F(Hdf5TableTest, FilesWithoutRowsAreAnError) {
  EXPECT_EQ(sentence({}), path_ + ": holds no dataset with rows; name a file with /X or a table");
}

/// A row of a compound table as C programs store it, with padding.
struct Row {
  int8_t flag;
  double length;
  int16_t colour;
  char code[4];
  const char* note;
};

TEST_F(Hdf5TableTest, CompoundTableGivesAColumnAMember) {
  const hid_t file = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t boolean = H5Tenum_create(H5T_STD_I8LE);
  const int8_t truth[] = {0, 1};
  H5Tenum_insert(boolean, "FALSE", &truth[0]);
  H5Tenum_insert(boolean, "TRUE", &truth[1]);
  const hid_t colours = H5Tenum_create(H5T_STD_I16LE);
  const int16_t red = -3, blue = 300;
  H5Tenum_insert(colours, "RED", &red);
  H5Tenum_insert(colours, "BLUE", &blue);
  const hid_t code = H5Tcopy(H5T_C_S1);
  H5Tset_size(code, 4);
  H5Tset_strpad(code, H5T_STR_SPACEPAD);
  const hid_t note = H5Tcopy(H5T_C_S1);
  H5Tset_size(note, H5T_VARIABLE);
  const hid_t row = H5Tcreate(H5T_COMPOUND, sizeof(Row));
  H5Tinsert(row, "flag", offsetof(Row, flag), boolean);
  H5Tinsert(row, "length", offsetof(Row, length), H5T_IEEE_F64LE);
  H5Tinsert(row, "colour", offsetof(Row, colour), colours);
  H5Tinsert(row, "code", offsetof(Row, code), code);
  H5Tinsert(row, "note", offsetof(Row, note), note);
  const Row rows[] = {{1, 0.5, 300, {'a', ' ', ' ', ' '}, "first"},
                      {0, -1.5, -3, {'a', 'b', 'c', 'd'}, "second"},
                      {1, 2.5, 300, {' ', 'x', ' ', ' '}, nullptr}};
  const hsize_t n = 3;
  const hid_t space = H5Screate_simple(1, &n, nullptr);
  const hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t data = H5Dcreate2(group, "t", row, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Dwrite(data, row, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows), 0);
  H5Dclose(data);
  H5Gclose(group);
  H5Fclose(file);

  const Table table = read_hdf5_table(path_, {}).table;
  EXPECT_EQ(table.n_rows, 3);
  ASSERT_EQ(table.columns.size(), 5u);
  EXPECT_EQ(table.columns[0].name, "flag");
  EXPECT_EQ(table.columns[0].values, (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(table.columns[1].values, (std::vector<float>{0.5f, -1.5f, 2.5f}));
  EXPECT_EQ(table.columns[2].categories, (std::vector<std::string>{"BLUE", "RED"}));
  EXPECT_EQ(table.columns[2].codes, (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(table.columns[3].categories, (std::vector<std::string>{" x", "a", "abcd"}));
  EXPECT_EQ(table.columns[4].categories, (std::vector<std::string>{"", "first", "second"}));
}

TEST(HalfToFloat, IsExactForAllSixtyFiveThousandInputs) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const auto mantissa = static_cast<double>(bits & 1023);
    double expected =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) expected = std::numeric_limits<double>::infinity();
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if (exponent == 31 && mantissa != 0) {
      ASSERT_TRUE(kernels::is_nan(value)) << bits;
      continue;
    }
    const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
    ASSERT_EQ(kernels::bits_of(static_cast<double>(value)), kernels::bits_of(sign * expected))
        << bits;
  }
}

}  // namespace
}  // namespace reprotrain::engine
