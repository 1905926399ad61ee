// SPDX-License-Identifier: Apache-2.0
#include "engine/data/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/base/float_bits.h"
#include "tests/support/error_text.h"
#include "tests/support/gzip_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using kernels::bits_of;
using kernels::is_nan;
using reprotrain::testing::error_of;
using reprotrain::testing::gzip_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CsvReader : public ::testing::Test {
 protected:
  Table read(std::string_view text, const DataConfig& config = {}) {
    return read_csv(directory_.write("d.csv", text), config);
  }
  std::string error(std::string_view text, const DataConfig& config = {}) {
    return error_of([&] { read(text, config); });
  }
  std::string path() const { return directory_.file("d.csv"); }

  reprotrain::testing::TemporaryDirectory directory_;
};

std::vector<std::string> texts_of(const Column& column) {
  std::vector<std::string> texts;
  for (const int32_t code : column.codes) {
    texts.push_back(code < 0 ? "<missing>" : column.categories[static_cast<size_t>(code)]);
  }
  return texts;
}

void expect_equal_tables(const Table& a, const Table& b) {
  ASSERT_EQ(a.n_rows, b.n_rows);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (size_t c = 0; c < a.columns.size(); ++c) {
    EXPECT_EQ(a.columns[c].name, b.columns[c].name);
    ASSERT_EQ(a.columns[c].kind, b.columns[c].kind);
    EXPECT_EQ(a.columns[c].codes, b.columns[c].codes);
    EXPECT_EQ(a.columns[c].categories, b.columns[c].categories);
    ASSERT_EQ(a.columns[c].values.size(), b.columns[c].values.size());
    for (size_t i = 0; i < a.columns[c].values.size(); ++i) {
      ASSERT_EQ(bits_of(a.columns[c].values[i]), bits_of(b.columns[c].values[i])) << c << " " << i;
    }
  }
}

TEST_F(CsvReader, ColumnsAreNumericWhenEveryFieldIsANumberAndCategoricalElse) {
  const Table table = read("a,b,c\n1,red,-2.5e3\n+.5,blue,7.\n,red,NA\n");
  ASSERT_EQ(table.n_rows, 3);
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].values[0], 1.0f);
  EXPECT_EQ(table.columns[0].values[1], 0.5f);
  EXPECT_EQ(bits_of(table.columns[0].values[2]), 0x7fc00000u);
  EXPECT_EQ(table.columns[1].kind, ColumnKind::kCategorical);
  EXPECT_THAT(table.columns[1].categories, ElementsAre("blue", "red"));
  EXPECT_THAT(table.columns[1].codes, ElementsAre(1, 0, 1));
  EXPECT_EQ(table.columns[2].values[0], -2500.0f);
  EXPECT_EQ(table.columns[2].values[1], 7.0f);
}

TEST_F(CsvReader, EveryLineEndAndAMissingLastOneReadAlike) {
  const Table expected = read("a,b\n1,x\n2,y\n");
  for (const char* text : {"a,b\r\n1,x\r\n2,y\r\n", "a,b\r1,x\r2,y\r", "a,b\n1,x\n2,y",
                           "a,b\r\n1,x\r\n2,y", "a,b\r1,x\r2,y",
                           "\xef\xbb\xbf"
                           "a,b\n1,x\n2,y\n",
                           "a,b\n\n1,x\n\r\n2,y\n\n\n", "a,b\n1,x\r\n2,y\n"}) {
    expect_equal_tables(read(text), expected);
  }
}

TEST_F(CsvReader, QuotesHoldDelimitersLineEndsAndDoubledQuotes) {
  const Table table = read("\"a,1\",b\n\"say \"\"hi\"\"\",\"1\"\n\"two\nlines\",\"2.5\"\n\"\",3\n");
  EXPECT_EQ(table.columns[0].name, "a,1");
  EXPECT_THAT(texts_of(table.columns[0]), ElementsAre("say \"hi\"", "two\nlines", "<missing>"));
  EXPECT_THAT(table.columns[1].values, ElementsAre(1.0f, 2.5f, 3.0f));
}

TEST_F(CsvReader, SpacesAroundNumbersMarkersAndNamesDoNotCount) {
  const Table table = read(" a ,b\t,c\n 1 ,\t2, x\n 3, NA ,x\n");
  EXPECT_EQ(table.columns[0].name, "a");
  EXPECT_EQ(table.columns[1].name, "b");
  EXPECT_THAT(table.columns[0].values, ElementsAre(1.0f, 3.0f));
  EXPECT_TRUE(is_nan(table.columns[1].values[1]));
  EXPECT_THAT(table.columns[2].categories, ElementsAre(" x", "x"));
}

TEST_F(CsvReader, AColumnThatTurnsOutToBeTextKeepsTheTextsOfItsFirstRows) {
  std::string text = "k,v\n";
  for (int i = 0; i < 1000; ++i) text += "1.50,-0\n";
  for (int i = 0; i < 200; ++i) text += "x,1\n";
  const Table table = read(text);
  ASSERT_EQ(table.columns[0].kind, ColumnKind::kCategorical);
  EXPECT_THAT(table.columns[0].categories, ElementsAre("1.50", "x"));
  EXPECT_EQ(table.columns[0].codes[0], 0);
  EXPECT_EQ(table.columns[0].codes[1000], 1);
  EXPECT_EQ(bits_of(table.columns[1].values[0]), 0x80000000u);
  const Table late_two = read("a,b\n1,\n2,7\n3,q\nw,\n");
  EXPECT_THAT(texts_of(late_two.columns[0]), ElementsAre("1", "2", "3", "w"));
  EXPECT_THAT(texts_of(late_two.columns[1]), ElementsAre("<missing>", "7", "q", "<missing>"));
}

// `n_numbers` numbers, `n_missing` missing cells, then `n_texts` cells "oops".
std::string column_of(int n_numbers, int n_missing, int n_texts) {
  std::string text = "a,b\n";
  for (int i = 0; i < n_numbers; ++i) text += std::to_string(i) + ",1\n";
  for (int i = 0; i < n_missing; ++i) text += "NA,1\n";
  for (int i = 0; i < n_texts; ++i) text += "oops,1\n";
  return text;
}

TEST_F(CsvReader, AColumnOfNumbersWithAFewTextsIsRefusedWithItsFirstText) {
  EXPECT_EQ(error(column_of(90, 50, 10)),
            path() +
                ": line 142, column \"a\": \"oops\" is no number, but 90 of 100 cells of this "
                "column are; correct it, add it to /data/csv/missing, or declare the column "
                "\"categorical\" in /data/columns");
  EXPECT_THAT(error(column_of(10, 0, 1)), HasSubstr("line 12, column \"a\": \"oops\""));
  std::string first = "a,b\n n/a,1\n";
  for (int i = 0; i < 5000; ++i) first += " 1e2 ,x\n";
  EXPECT_THAT(error(first), HasSubstr("line 2, column \"a\": \" n/a\" is no number, but 5000 of"));
  std::string large = "a\n";
  for (int i = 0; i < 20; ++i) large += "7\n";
  EXPECT_THAT(error(large + "oops\n1e99\n"), HasSubstr("21 of 22 cells"));
}

TEST_F(CsvReader, AColumnWithFewerNumbersOrMoreTextsIsCategorical) {
  for (const std::string& text : {column_of(9, 90, 1), column_of(89, 0, 10), column_of(0, 0, 50)}) {
    EXPECT_EQ(read(text).columns[0].kind, ColumnKind::kCategorical);
  }
}

TEST_F(CsvReader, AColumnOfNumbersWithAFewTextsIsCategoricalWhereDeclared) {
  DataConfig config;
  config.column_kinds = {{"a", ColumnKind::kCategorical}};
  EXPECT_EQ(read(column_of(99, 0, 1), config).columns[0].categories.size(), 100u);
}

TEST_F(CsvReader, AOneColumnTableHasMissingRowsWhereLinesAreEmpty) {
  const Table table = read("a\n1\n\n3\n");
  ASSERT_EQ(table.n_rows, 3);
  EXPECT_TRUE(is_nan(table.columns[0].values[1]));
}

TEST_F(CsvReader, OptionsChangeDelimiterQuoteMarkersAndHeader) {
  DataConfig config;
  config.csv.delimiter = ';';
  config.csv.quote = '\'';
  config.csv.has_header = false;
  config.csv.missing_markers = {"-999", "none"};
  const Table table = read("1;'a;b'\n-999;none\n", config);
  EXPECT_EQ(table.columns[0].name, "c0");
  EXPECT_EQ(table.columns[1].name, "c1");
  EXPECT_TRUE(is_nan(table.columns[0].values[1]));
  EXPECT_THAT(texts_of(table.columns[1]), ElementsAre("a;b", "<missing>"));
}

TEST_F(CsvReader, DeclaredKindsWin) {
  DataConfig config;
  config.column_kinds = {{"zip", ColumnKind::kCategorical}};
  EXPECT_THAT(texts_of(read("zip,v\n01,1\n1,2\n", config).columns[0]), ElementsAre("01", "1"));
  config.column_kinds = {{"v", ColumnKind::kNumeric}};
  EXPECT_THAT(error("zip,v\n1,1\n2,two\n", config),
              HasSubstr(path() + ": line 3, column \"v\": \"two\" is no number"));
  config.column_kinds = {{"zap", ColumnKind::kNumeric}};
  EXPECT_THAT(error("zip,v\n1,1\n", config), HasSubstr("did you mean \"zip\"?"));
}

TEST_F(CsvReader, GzipReadsLikePlain) {
  const std::string text = "a,b\n1,x\n2,y\n";
  const Table expected = read(text);
  expect_equal_tables(read(gzip_text(text)), expected);
  expect_equal_tables(read(gzip_text("a,b\n1,x") + gzip_text("\n2,y\n")), expected);
  const std::string packed = gzip_text(text);
  for (size_t n = 2; n < packed.size(); ++n) {
    EXPECT_THAT(error(packed.substr(0, n)), HasSubstr("truncated")) << n;
  }
  EXPECT_THAT(error(packed + "x"), HasSubstr("the gzip data is"));
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // checksum
  EXPECT_THAT(error(damaged), HasSubstr("damaged"));
}

TEST_F(CsvReader, ErrorsNameFileLineAndColumn) {
  const std::string at = path() + ": line ";
  EXPECT_THAT(error("a,b\n1,2\n3\n"), HasSubstr(at + "3: has 1 fields where the first line has 2"));
  EXPECT_THAT(error("a,b\n1,2,3\n"), HasSubstr(at + "2: has 3 fields where the first line has 2"));
  EXPECT_THAT(error("a,b\n\"1\n\n\",2\n1\n"), HasSubstr(at + "5: has 1 fields"));
  EXPECT_THAT(error("a,b\n1,\"x\n2,3\n"), HasSubstr(at + "2, column \"b\": the quote opened here"));
  EXPECT_THAT(error("a,b\n1,x\"y\n"), HasSubstr(at + "2, column \"b\": a quote stands inside"));
  EXPECT_THAT(error("a,b\n1,\"x\"y\n"),
              HasSubstr(at + "2, column \"b\": text follows the closing"));
  EXPECT_THAT(error("a,b\n1,2\r3,4\n"), HasSubstr(at + "2, column \"b\": a stray line-end"));
  EXPECT_THAT(error("a,a\n1,2\n"),
              HasSubstr(at + "1, column \"a\": the header has this name twice"));
  EXPECT_THAT(error("a,,c\n1,2,3\n"), HasSubstr(at + "1: field 2 of the header is empty"));
  EXPECT_THAT(error("a,b\n"), HasSubstr(at + "1: a header and no rows"));
  EXPECT_THAT(error("\n\n"), HasSubstr("no header and no rows"));
  EXPECT_THAT(error("\xef\xbb\xbf"), HasSubstr("no header and no rows"));
  EXPECT_THAT(error(""), HasSubstr(path() + ": is empty"));
  EXPECT_THAT(error("a\n1e39\n"), HasSubstr(at + "2, column \"a\": \"1e39\" is beyond"));
  EXPECT_THAT(error("a\n1e999\n"), HasSubstr("beyond the largest binary32"));
}

TEST_F(CsvReader, OtherEncodingsAreRefused) {
  EXPECT_THAT(error(std::string("\xff\xfe"
                                "a\0\n\0",
                                6)),
              HasSubstr("UTF-16"));
  EXPECT_THAT(error(std::string("\xfe\xff\0a\0\n", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(error(std::string("a\n1\n\0\n", 6)), HasSubstr("line 3: holds a NUL byte"));
  EXPECT_THAT(error("a\nx\nr\xe9sum\xe9\n"), HasSubstr("line 3: holds a byte that is not UTF-8"));
  EXPECT_THAT(error("a\nx\n\xc3"), HasSubstr("line 3: holds a byte that is not UTF-8"));
  EXPECT_THAT(read("a\n\xc3\xa9\n").columns[0].categories, ElementsAre("\xc3\xa9"));
}

TEST_F(CsvReader, MissingFilesDirectoriesAndBadOptionsAreOneSentence) {
  EXPECT_THAT(error_of([&] { read_csv(directory_.file("nowhere.csv"), {}); }),
              HasSubstr("nowhere.csv: no such file"));
  EXPECT_THAT(error_of([&] { read_csv(directory_.file(""), {}); }), HasSubstr("is a directory"));
  EXPECT_THAT(error_of([&] { read_csv("/dev/null", {}); }), HasSubstr("not a regular file"));
  DataConfig config;
  config.csv.delimiter = '5';
  EXPECT_THAT(error("a\n1\n", config), HasSubstr("/data/csv/delimiter"));
  config.csv.delimiter = '"';
  EXPECT_THAT(error("a\n1\n", config), HasSubstr("/data/csv/quote"));
}

// Records of every length around the block size, cut by every boundary.
TEST_F(CsvReader, BlockBoundariesDoNotShow) {
  std::string text = "number,text\n";
  int64_t n_rows = 0;
  while (text.size() < (3u << 20)) {
    const std::string digits = std::to_string(n_rows % 9973);
    text += digits + ".25,\"" + std::string(static_cast<size_t>(n_rows % 61), 'q') + "\n,\"\r\n";
    ++n_rows;
  }
  const Table table = read(text);
  ASSERT_EQ(table.n_rows, n_rows);
  for (int64_t row = 0; row < n_rows; ++row) {
    const auto index = static_cast<size_t>(row);
    ASSERT_EQ(table.columns[0].values[index], static_cast<float>(row % 9973) + 0.25f);
    const std::string& category =
        table.columns[1].categories[static_cast<size_t>(table.columns[1].codes[index])];
    ASSERT_EQ(category, std::string(static_cast<size_t>(row % 61), 'q') + "\n,");
  }
}

TEST_F(CsvReader, ALongRecordIsReadAndAnEndlessOneIsRefused) {
  const std::string wide(5u << 20, '7');
  DataConfig config;
  config.column_kinds = {{"a", ColumnKind::kCategorical}};
  EXPECT_THAT(error("a\n" + wide + "\n", config), HasSubstr("too long for a category"));
  EXPECT_THAT(error("a\n" + wide + "\n"), HasSubstr("beyond the largest binary32"));
  EXPECT_EQ(read("a,b\n1,0." + wide + "\n").columns[1].values[0], 7.0f / 9.0f);
  std::string open = "a\n\"";
  open.resize(70u << 20, '\n');
  EXPECT_THAT(error(open), HasSubstr("line 2: the record is longer than 64 MiB"));
}

TEST_F(CsvReader, ProgressEndsAtTheSizeOfTheFile) {
  std::string text = "a\n";
  for (int i = 0; i < 500000; ++i) text += "12345\n";
  int64_t last = 0, total = 0, n_calls = 0;
  read_csv(directory_.write("p.csv", text), {}, [&](int64_t done, int64_t of) {
    EXPECT_GE(done, last);
    last = done;
    total = of;
    ++n_calls;
  });
  EXPECT_EQ(last, static_cast<int64_t>(text.size()));
  EXPECT_EQ(total, last);
  EXPECT_GT(n_calls, 2);
}

}  // namespace
}  // namespace reprotrain::engine
