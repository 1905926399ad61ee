// SPDX-License-Identifier: Apache-2.0
#include "engine/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/data/csv_reader.h"
#include "tests/support/error_text.h"
#include "tests/support/gzip_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using reprotrain::testing::error_of;
using reprotrain::testing::gzip_text;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kTable = "a,b\n1,x\n2,y\n";
const std::string kImages(
    "\0\0\x08\x02\0\0\0\x02\0\0\0\x02"
    "abcd",
    16);
const std::string kLabels("\0\0\x08\x01\0\0\0\x02\x01\x02", 10);

class Dataset : public ::testing::Test {
 protected:
  LoadedDataset load(std::string_view name, std::string_view content,
                     DataFormat format = DataFormat::kAuto) {
    DataConfig config;
    config.source = directory_.write(name, content);
    config.format = format;
    return load_dataset(config);
  }
  std::string error(std::string_view name, std::string_view content,
                    DataFormat format = DataFormat::kAuto) {
    return error_of([&] { load(name, content, format); });
  }
  reprotrain::testing::TemporaryDirectory directory_;
};

TEST_F(Dataset, ContentDecidesTheFormat) {
  EXPECT_EQ(load("t.csv", kTable).table.columns.size(), 2u);
  EXPECT_EQ(load("t.dat", kTable).table.columns.size(), 2u);
  EXPECT_EQ(load("t.csv.gz", gzip_text(kTable)).table.n_rows, 2);
  EXPECT_EQ(load("images-idx2-ubyte", kImages).table.columns[0].name, "pixels");
  EXPECT_EQ(load("images-idx2-ubyte.gz", gzip_text(kImages)).table.columns[0].name, "pixels");
  write_canonical_dataset(load("t.csv", kTable).table, directory_.file("t.h5"));
  DataConfig config;
  config.source = directory_.file("t.h5");
  EXPECT_EQ(load_dataset(config).table.columns[1].categories[1], "y");
}

TEST_F(Dataset, OneContentHasOneIdInEveryFormat) {
  const LoadedDataset csv = load("t.csv", kTable);
  const LoadedDataset packed = load("t.csv.gz", gzip_text("a,b\r\n1.0,\"x\"\r\n2e0,y"));
  write_canonical_dataset(csv.table, directory_.file("t.h5"));
  DataConfig config;
  config.source = directory_.file("t.h5");
  const LoadedDataset hdf5 = load_dataset(config);
  ASSERT_EQ(csv.inputs.size(), 1u);
  EXPECT_THAT(csv.inputs[0].content_id, StartsWith("h5c1:"));
  EXPECT_EQ(packed.inputs[0].content_id, csv.inputs[0].content_id);
  EXPECT_EQ(hdf5.inputs[0].content_id, csv.inputs[0].content_id);
  EXPECT_NE(packed.inputs[0].file_sha256, csv.inputs[0].file_sha256);
  EXPECT_EQ(csv.inputs[0].size_bytes, static_cast<int64_t>(kTable.size()));
  EXPECT_EQ(csv.inputs[0].n_rows, 2);
  EXPECT_NE(load("u.csv", "a,b\n1,x\n3,y\n").inputs[0].content_id, csv.inputs[0].content_id);
}

TEST_F(Dataset, ImagesAndLabelsAreTwoInputs) {
  DataConfig config;
  config.source = directory_.write("images", kImages);
  const std::string alone = load_dataset(config).inputs[0].content_id;
  config.labels = directory_.write("labels", kLabels);
  const LoadedDataset dataset = load_dataset(config);
  ASSERT_EQ(dataset.inputs.size(), 2u);
  EXPECT_EQ(dataset.inputs[0].role, "source");
  EXPECT_EQ(dataset.inputs[0].content_id, alone);
  EXPECT_EQ(dataset.inputs[1].role, "labels");
  EXPECT_NE(dataset.inputs[1].content_id, alone);
  EXPECT_EQ(dataset.table.columns[0].values.size(), 4u);
  EXPECT_EQ(dataset.table.columns[1].values[1], 2.0f);
  config.source = directory_.write("t.csv", kTable);
  EXPECT_THAT(error_of([&] { load_dataset(config); }), HasSubstr("/data/labels"));
}

TEST_F(Dataset, ContradictionsBetweenClaimAndContentAreRefused) {
  EXPECT_THAT(error("t.h5", kTable), HasSubstr("extension .h5 but its content is csv"));
  EXPECT_THAT(error("t.csv", kImages), HasSubstr("extension .csv but its content is idx"));
  EXPECT_THAT(error("t.csv.gz", kTable), HasSubstr("extension .gz but no gzip content"));
  EXPECT_THAT(error("t.csv", gzip_text(kTable)), HasSubstr("but its content is gzip"));
  EXPECT_THAT(error("t", kTable, DataFormat::kHdf5), HasSubstr("says hdf5 but the content is csv"));
  EXPECT_THAT(error("t", kTable, DataFormat::kIdx), HasSubstr("says idx but the content is csv"));
  EXPECT_THAT(error("t", kImages, DataFormat::kCsv), HasSubstr("says csv but the content is idx"));
  EXPECT_THAT(error("t", "\x89HDF\r\n\x1a\n", DataFormat::kCsv), HasSubstr("content is hdf5"));
  EXPECT_THAT(error("t.gz", gzip_text("\x89HDF\r\n\x1a\n")), HasSubstr("compressed HDF5"));
  EXPECT_THAT(error("t.csv",
                    "PK\x03\x04"
                    "abc"),
              HasSubstr("is a ZIP archive or spreadsheet"));
  EXPECT_THAT(error("t", "PAR1abc"), HasSubstr("is a Parquet file"));
}

TEST_F(Dataset, UnreadableFilesAreOneSentence) {
  DataConfig config;
  config.source = directory_.file("nowhere.csv");
  EXPECT_THAT(error_of([&] { load_dataset(config); }), HasSubstr("nowhere.csv: no such file"));
  config.source = directory_.file("");
  EXPECT_THAT(error_of([&] { load_dataset(config); }), HasSubstr("is a directory"));
  EXPECT_THAT(error("t.csv", ""), HasSubstr("is empty"));
  EXPECT_THAT(error("t.h5", "\x89HDF\r\n\x1a\n"), HasSubstr(directory_.file("t.h5")));
}

TEST_F(Dataset, TheExamplesReadAsTheirReadmesSay) {
  const std::string configs = std::string(REPROTRAIN_SOURCE_DIR) + "/configs/";
  const auto table = [&](const char* name) { return read_csv(configs + name, {}); };
  const Table digits = table("digits/digits.csv");
  EXPECT_EQ(digits.n_rows, 1797);
  EXPECT_EQ(digits.columns.size(), 65u);
  const Table breast_cancer = table("breast_cancer/breast_cancer.csv");
  EXPECT_EQ(breast_cancer.n_rows, 569);
  EXPECT_EQ(breast_cancer.columns.back().categories,
            (std::vector<std::string>{"benign", "malignant"}));
  const Table diabetes = table("diabetes/diabetes.csv");
  EXPECT_EQ(diabetes.n_rows, 442);
  EXPECT_EQ(diabetes.columns.size(), 11u);
}

}  // namespace
}  // namespace reprotrain::engine
