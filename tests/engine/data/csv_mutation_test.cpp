// SPDX-License-Identifier: Apache-2.0
// Thousands of damaged CSV files: each gives a table or one sentence that names the file.
#include <gtest/gtest.h>

#include <random>

#include "engine/data/csv_reader.h"
#include "tests/support/error_text.h"
#include "tests/support/gzip_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

const char* const kSeeds[] = {
    "id,name,value\n1,\"Smith, J.\",3.25\n2,\"say \"\"hi\"\"\",NA\n3,plain,-1e-3\n",
    "\xef\xbb\xbf"
    "a;b\r\n1;2\r\n3;4\r\n",
    "x\n1\n\n3\n",
    "a,b,c,d\n1,2,3,4\n5,6,7,8\n9,10,11,12\n",
    "caf\xc3\xa9,\xe6\x97\xa5\xe6\x9c\xac\n\xf0\x9f\x98\x80,1\n\xf0\x9f\x98\x81,2\n",
    "k,v\n0001,x\n2,y\nthree,z\n",
};

// Bytes that matter to a CSV reader, and any other.
char interesting_byte(std::mt19937_64& random) {
  static const std::string kBytes =
      std::string(",;\"\"\n\r\t .-+eE019\xff\xfe\xc3\xef\xbb\xbf") + '\0';
  return random() % 4 == 0 ? static_cast<char>(random()) : kBytes[random() % kBytes.size()];
}

std::string mutate(std::string text, std::mt19937_64& random) {
  const size_t n_changes = 1 + random() % 5;
  for (size_t i = 0; i < n_changes && !text.empty(); ++i) {
    const size_t at = random() % text.size();
    switch (random() % 5) {
      case 0:
        text[at] = interesting_byte(random);
        break;
      case 1:
        text.insert(at, 1, interesting_byte(random));
        break;
      case 2:
        text.erase(at, 1 + random() % 4);
        break;
      case 3:
        text.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

void check_table(const Table& table) {
  ASSERT_GT(table.n_rows, 0);
  for (const Column& column : table.columns) {
    ASSERT_FALSE(column.name.empty());
    const size_t size =
        column.kind == ColumnKind::kNumeric ? column.values.size() : column.codes.size();
    ASSERT_EQ(size, static_cast<size_t>(table.n_rows));
    for (const int32_t code : column.codes) {
      ASSERT_GE(code, kMissingCode);
      ASSERT_LT(code, static_cast<int32_t>(column.categories.size()));
    }
  }
}

TEST(CsvMutation, FiveThousandDamagedFilesGiveATableOrASentence) {
  const reprotrain::testing::TemporaryDirectory directory;
  std::mt19937_64 random(20260808);
  DataConfig config;
  int n_tables = 0, n_refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = mutate(kSeeds[random() % std::size(kSeeds)], random);
    if (random() % 16 == 0) {
      text = reprotrain::testing::gzip_text(text);
      if (random() % 2 == 0) text = mutate(text, random);
    }
    const std::string path = directory.write("mutated.csv", text);
    config.csv.has_header = random() % 4 != 0;
    config.csv.delimiter = random() % 4 == 0 ? ';' : ',';
    const std::string sentence =
        reprotrain::testing::error_of([&] { check_table(read_csv(path, config)); });
    if (sentence == "(no error)") {
      ++n_tables;
      continue;
    }
    ++n_refused;
    ASSERT_TRUE(sentence.starts_with(path + ": ")) << sentence;
    ASSERT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    ASSERT_EQ(sentence.find('\0'), std::string::npos) << sentence;
  }
  EXPECT_GT(n_tables, 500);
  EXPECT_GT(n_refused, 500);
}

}  // namespace
}  // namespace reprotrain::engine
