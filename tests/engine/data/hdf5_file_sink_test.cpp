// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "engine/data/content_id.h"
#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_tree.h"
#include "engine/data/hdf5_writer.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::TemporaryDirectory;

TEST(Hdf5FileSink, PiecesOfAnySizeGiveTheSameDataset) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("d.h5");
  std::vector<int32_t> values(5 * 3 * 4);
  std::iota(values.begin(), values.end(), 0);
  for (size_t piece = 1; piece <= values.size(); ++piece) {
    Hdf5FileSink sink(path);
    sink.begin_group("");
    sink.begin_dataset("x", {Hdf5Type::integer(4, true), {5, 3, 4}});
    for (size_t i = 0; i < values.size(); i += piece) {
      const size_t n = std::min(piece, values.size() - i);
      sink.data(std::as_bytes(std::span(values).subspan(i, n)));
    }
    sink.end_dataset();
    sink.end_group();
    sink.close();
    const Hdf5Node root = read_hdf5(path);
    const auto read = root.require("x", path).array.int32s();
    EXPECT_TRUE(std::equal(read.begin(), read.end(), values.begin(), values.end())) << piece;
  }
}

TEST(Hdf5FileSink, CopiesAFileWithItsContentId) {
  const TemporaryDirectory directory;
  Hdf5Node root;
  const std::vector<double> numbers = {0.5, -0.0, 3};
  root.set_dataset("a/b", Array::of(std::span(numbers), {3}));
  root.set_dataset("a/texts", Array::of(std::vector<std::string>{"x", "", "größe"}));
  root.at_or_create("a/b").attributes["unit"] = Array::scalar(std::string("m"));
  root.at_or_create("a").attributes["n"] = Array::scalar(int64_t{5});
  root.attributes["names"] = Array::of(std::vector<std::string>{"p", "q"});
  write_hdf5(root, directory.file("from.h5"));
  Hdf5FileSink sink(directory.file("to.h5"));
  visit_hdf5(directory.file("from.h5"), {}, sink);
  sink.close();
  EXPECT_EQ(hdf5_content_id(directory.file("to.h5")), hdf5_content_id(directory.file("from.h5")));
}

}  // namespace
}  // namespace reprotrain::engine
