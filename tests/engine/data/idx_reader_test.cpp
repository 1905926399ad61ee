// SPDX-License-Identifier: Apache-2.0
#include "engine/data/idx_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "kernels/base/float_bits.h"
#include "tests/support/error_text.h"
#include "tests/support/gzip_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using reprotrain::testing::error_of;
using reprotrain::testing::gzip_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string big_endian(uint64_t value, int n_bytes) {
  std::string bytes;
  for (int i = n_bytes - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

std::string idx(int type, const std::vector<uint32_t>& shape, const std::string& data) {
  std::string file = {0, 0, static_cast<char>(type), static_cast<char>(shape.size())};
  for (const uint32_t extent : shape) file += big_endian(extent, 4);
  return file + data;
}

class IdxReader : public ::testing::Test {
 protected:
  Table read(const std::string& images, const std::string& labels = "",
             const DataConfig& config = {}) {
    const std::string path = directory_.write("images", images);
    return read_idx(path, labels.empty() ? "" : directory_.write("labels", labels), config);
  }
  std::string error(const std::string& images, const std::string& labels = "",
                    const DataConfig& config = {}) {
    return error_of([&] { read(images, labels, config); });
  }
  reprotrain::testing::TemporaryDirectory directory_;
};

TEST_F(IdxReader, ImagesAndLabelsBecomeABlockAndAScalarColumn) {
  const Table table =
      read(idx(8, {2, 1, 3}, std::string("\x00\x01\x02\xfd\xfe\xff", 6)), idx(8, {2}, "\x07\x03"));
  ASSERT_EQ(table.n_rows, 2);
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].name, "pixels");
  EXPECT_THAT(table.columns[0].item_shape, ElementsAre(1, 3));
  EXPECT_THAT(table.columns[0].values, ElementsAre(0, 1, 2, 253, 254, 255));
  EXPECT_EQ(table.columns[1].name, "label");
  EXPECT_THAT(table.columns[1].values, ElementsAre(7, 3));
}

TEST_F(IdxReader, EveryElementTypeIsBigEndian) {
  const auto values = [&](int type, uint32_t n, const std::string& data) {
    return read(idx(type, {n}, data)).columns[0].values;
  };
  EXPECT_THAT(values(0x09, 2, "\x80\x7f"), ElementsAre(-128, 127));
  EXPECT_THAT(values(0x0b, 2, std::string("\x80\x00\x01\x02", 4)), ElementsAre(-32768, 258));
  EXPECT_THAT(values(0x0c, 2, big_endian(0x80000000u, 4) + big_endian(16777217, 4)),
              ElementsAre(-2147483648.0f, 16777216.0f));
  EXPECT_THAT(values(0x0d, 1, big_endian(kernels::bits_of(-1.5f), 4)), ElementsAre(-1.5f));
  EXPECT_THAT(values(0x0e, 1, big_endian(kernels::bits_of(0.1), 8)), ElementsAre(0.1f));
  EXPECT_EQ(kernels::bits_of(values(0x0d, 1, big_endian(0xffc12345u, 4))[0]), 0x7fc00000u);
}

TEST_F(IdxReader, GzipReadsLikePlainAndTruncationIsSeen) {
  const std::string file = idx(8, {3, 2}, "abcdef");
  EXPECT_EQ(read(gzip_text(file)).columns[0].values, read(file).columns[0].values);
  EXPECT_THAT(error(gzip_text(file.substr(0, file.size() - 1))),
              HasSubstr("is truncated: value 5"));
  EXPECT_THAT(error(gzip_text(file + "x")), HasSubstr("bytes follow the IDX data"));
  EXPECT_THAT(error(gzip_text(file).substr(0, 30)), HasSubstr("truncated"));
}

TEST_F(IdxReader, SizesAreChecked) {
  const std::string file = idx(8, {3, 2}, "abcdef");
  EXPECT_THAT(error(file.substr(0, 3)), HasSubstr("ends inside the IDX header"));
  EXPECT_THAT(error(file.substr(0, 11)), HasSubstr("ends inside the IDX header"));
  EXPECT_THAT(error(file.substr(0, 17)), HasSubstr("is truncated: it has 17 bytes where its IDX"));
  EXPECT_THAT(error(file + "x"), HasSubstr("has trailing bytes: it has 19"));
  EXPECT_THAT(error(idx(8, {0, 2}, "")), HasSubstr("dimension of the IDX file is 0"));
  const std::vector<uint32_t> absurd(8, 0xffffffffu);
  EXPECT_THAT(error(idx(8, absurd, "abc")), HasSubstr("more than 2^40 values"));
  EXPECT_THAT(error(gzip_text(idx(14, {65536, 65536}, "abc"))), HasSubstr("truncated"));
  EXPECT_THAT(error(idx(8, {0x40000000u, 2}, "abc")), HasSubstr("is truncated"));
  EXPECT_THAT(error("a,b\n1,2\n"), HasSubstr("is no IDX file"));
  EXPECT_THAT(error(idx(14, {1}, big_endian(kernels::bits_of(1e300), 8))),
              HasSubstr("value 0 is beyond the largest binary32"));
}

TEST_F(IdxReader, LabelsFollowTargetAndDeclaredKind) {
  const std::string images = idx(8, {3, 1}, "abc");
  DataConfig config;
  config.target = "digit";
  config.column_kinds = {{"digit", ColumnKind::kCategorical}};
  const Table table = read(images, idx(0x09, {3}, "\x0a\xff\x02"), config);
  EXPECT_EQ(table.columns[1].name, "digit");
  EXPECT_THAT(table.columns[1].categories, ElementsAre("-1", "10", "2"));
  EXPECT_THAT(table.columns[1].codes, ElementsAre(1, 0, 2));
  EXPECT_THAT(error(images, idx(8, {2}, "ab"), config), HasSubstr("has 2 labels for the 3 rows"));
  EXPECT_THAT(error(images, idx(8, {3, 1}, "abc"), config), HasSubstr("labels must have one dim"));
  EXPECT_THAT(error(images, idx(13, {3}, std::string(12, 'a')), config),
              HasSubstr("floating-point type cannot be categories"));
  config.column_kinds = {{"pixels", ColumnKind::kCategorical}};
  EXPECT_THAT(error(images, "", config), HasSubstr("can only be numeric"));
}

TEST_F(IdxReader, MutatedFilesGiveATableOrASentence) {
  std::mt19937_64 random(99);
  const std::string plain = idx(8, {4, 2, 2}, "abcdefghijklmnop");
  for (int i = 0; i < 2000; ++i) {
    std::string file = plain;
    const size_t n_changes = 1 + random() % 4;
    for (size_t c = 0; c < n_changes; ++c) {
      if (random() % 4 == 0) file.resize(random() % (file.size() + 1));
      if (file.empty()) break;
      file[random() % file.size()] = static_cast<char>(random());
    }
    if (random() % 2 == 0) file = gzip_text(file);
    if (!file.empty() && random() % 8 == 0)
      file[random() % file.size()] ^= static_cast<char>(1 << random() % 8);
    const std::string sentence = error(file);
    EXPECT_TRUE(sentence == "(no error)" || sentence.starts_with(directory_.file("images") + ": "))
        << sentence;
  }
}

}  // namespace
}  // namespace reprotrain::engine
