// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_tree.h"

#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "engine/data/atomic_file.h"
#include "engine/data/hdf5_writer.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using reprotrain::testing::TemporaryDirectory;

Hdf5Node sample_tree() {
  Hdf5Node root;
  const std::vector<float> weights = {1.5f, -0.0f, 3.0f, 0x1p-149f, 5.0f, 6.0f};
  root.set_dataset("layer0/weight", Array::of(std::span(weights), {2, 3}));
  root.set_dataset("state/step", Array::scalar(int64_t{-7}));
  root.set_dataset("state/rate", Array::scalar(0.1));
  root.set_dataset("names", Array::of(std::vector<std::string>{"a", "", "größe", "x y"}));
  root.set_dataset("nothing", Array::of(std::span<const float>(), {0, 4}));
  root.set_dataset("title", Array::scalar(std::string("ein Titel")));
  root.at_or_create("empty/group");
  root.attributes["format"] = Array::scalar(int64_t{1});
  root.at_or_create("layer0/weight").attributes["names"] =
      Array::of(std::vector<std::string>(10'000, "feature_with_a_long_name"));
  return root;
}

void expect_equal(const Array& a, const Array& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.strings, b.strings);
}

void expect_equal(const Hdf5Node& a, const Hdf5Node& b) {
  EXPECT_EQ(a.is_dataset, b.is_dataset);
  if (a.is_dataset) expect_equal(a.array, b.array);
  ASSERT_EQ(a.attributes.size(), b.attributes.size());
  for (const auto& [name, value] : a.attributes) expect_equal(value, b.attributes.at(name));
  ASSERT_EQ(a.children.size(), b.children.size());
  for (const auto& [name, child] : a.children) expect_equal(child, b.children.at(name));
}

TEST(Hdf5Tree, ReadsBackWhatItWrote) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tree.h5");
  const Hdf5Node tree = sample_tree();
  write_hdf5(tree, path);
  expect_equal(tree, read_hdf5(path));
}

TEST(Hdf5Tree, TwoWritesASecondApartGiveEqualBytes) {
  const TemporaryDirectory directory;
  write_hdf5(sample_tree(), directory.file("first.h5"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  write_hdf5(sample_tree(), directory.file("second.h5"));
  EXPECT_TRUE(read_file(directory.file("first.h5")) == read_file(directory.file("second.h5")));
}

TEST(Hdf5Tree, EveryElementTypeSurvives) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("types.h5");
  Hdf5Node root;
  for (int i = 0; i < static_cast<int>(ElementType::kString); ++i) {
    Array array;
    array.type = static_cast<ElementType>(i);
    array.shape = {3};
    array.bytes.resize(static_cast<size_t>(3 * element_size_bytes(array.type)), std::byte(0x81));
    root.set_dataset(element_type_name(array.type), array);
  }
  write_hdf5(root, path);
  expect_equal(root, read_hdf5(path));
}

TEST(Hdf5Tree, EveryNanIsStoredAsTheCanonicalOne) {
  using kernels::bits_of;
  std::vector<float> floats;
  for (uint32_t bits : {0xffc00000u, 0x7f800001u, 0x7fc00000u, 0xff800000u, 0x80000000u}) {
    floats.push_back(kernels::float_from_bits(bits));
  }
  const Array stored_floats = Array::of(std::span<const float>(floats), {5});
  std::vector<uint32_t> float_bits;
  for (float value : stored_floats.floats()) float_bits.push_back(bits_of(value));
  EXPECT_EQ(float_bits, (std::vector<uint32_t>{0x7fc00000u, 0x7fc00000u, 0x7fc00000u, 0xff800000u,
                                               0x80000000u}));

  const double negative_nan = kernels::double_from_bits(0xfff8000000000001ull);
  const Array stored_doubles = Array::of(std::vector<double>{negative_nan, -0.0}, {2});
  EXPECT_EQ(bits_of(stored_doubles.doubles()[0]), 0x7ff8000000000000ull);
  EXPECT_EQ(bits_of(stored_doubles.doubles()[1]), 0x8000000000000000ull);
  EXPECT_EQ(bits_of(Array::scalar(negative_nan).doubles()[0]), 0x7ff8000000000000ull);
}

TEST(Hdf5Tree, MissingChildNamesFileAndPath) {
  const Hdf5Node tree = sample_tree();
  EXPECT_EQ(&tree.require("layer0/weight", "m.h5"),
            &tree.children.at("layer0").children.at("weight"));
  try {
    tree.require("layer1/weight", "m.h5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEvidence);
    EXPECT_STREQ(error.what(), "m.h5: layer1/weight is missing; restore the file or make it again");
  }
}

TEST(Hdf5Tree, WrongElementTypeIsAnError) {
  EXPECT_THROW(Array::scalar(1.0).floats(), Error);
  EXPECT_EQ(Array::scalar(int64_t{3}).int64s()[0], 3);
}

std::string refusal(const std::string& path) {
  try {
    read_hdf5(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "";
}

// A terabyte of fill values, of which nothing is stored.
TEST(Hdf5Tree, DatasetThatIsNotInTheFileIsRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tree.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t shape = hsize_t{1} << 37, chunk = hsize_t{1} << 12;
  const hid_t space = H5Screate_simple(1, &shape, nullptr);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &chunk);
  H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Pclose(creation);
  H5Sclose(space);
  H5Fclose(file);
  EXPECT_EQ(
      refusal(path),
      path + ": its content takes more bytes than the file; use a file that this program wrote");
}

// Each tree is small and linked to often: its attributes, its data, its texts, its bare groups.
TEST(Hdf5Tree, ContentThatIsLinkedToOftenIsRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tree.h5");
  std::vector<Hdf5Node> trees(4);
  trees[0].at_or_create("part").attributes["a"] =
      Array::of(std::span<const double>(std::vector<double>(5000)), {5000});
  trees[1].set_dataset("part/x",
                       Array::of(std::span<const double>(std::vector<double>(5000)), {5000}));
  trees[2].set_dataset("part/x", Array::scalar(std::string(40'000, 'x')));
  trees[3].at_or_create("part/" + std::string(1000, 'g'));
  for (const Hdf5Node& tree : trees) {
    write_hdf5(tree, path);
    EXPECT_EQ(refusal(path), "");
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    for (int i = 0; i < 100; ++i) {
      H5Lcreate_hard(file, "part", file, ("link" + std::to_string(i)).c_str(), H5P_DEFAULT,
                     H5P_DEFAULT);
    }
    H5Fclose(file);
    EXPECT_NE(refusal(path).find("takes more bytes than the file"), std::string::npos);
  }
}

// Nothing is smaller on disk than it is counted.
TEST(Hdf5Tree, ManySmallPartsAreRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("tree.h5");
  Hdf5Node root;
  for (int i = 0; i < 1000; ++i) {
    Hdf5Node& node = root.at_or_create(std::to_string(i));
    for (int j = 0; j < i % 4; ++j) node.attributes[std::to_string(j)] = Array::scalar(int64_t{j});
    if (i % 2 == 0) node.set_dataset("", Array::of(std::vector<std::string>(20)));
  }
  write_hdf5(root, path);
  expect_equal(root, read_hdf5(path));
}

[[noreturn]] void write_with_full_disk(const Hdf5Node& root, const std::string& path) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 16, 1 << 16};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string sentence = "(no error)";
  try {
    write_hdf5(root, path);
  } catch (const Error& error) {
    sentence = error.what();
  }
  ::fprintf(stderr, "%s\n", sentence.c_str());
  ::exit(sentence ==
                 path + ": cannot write: File too large; free some space or choose another place"
             ? 0
             : 1);
}

// "(disk full, then) exit" runs exit handlers, where libhdf5 would crash over the lost file.
TEST(Hdf5Tree, FullDiskIsOneSentenceAndLeavesNothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("big.h5");
  Hdf5Node root;
  root.set_dataset("x",
                   Array::of(std::span<const double>(std::vector<double>(1 << 17)), {1 << 17}));
  // A limit on the size of files fails writes the way a full disk does; it stays in a child.
  EXPECT_EXIT(write_with_full_disk(root, path), ::testing::ExitedWithCode(0), "");
  EXPECT_TRUE(std::filesystem::is_empty(directory.file("")));
}

TEST(Hdf5Tree, MissingDirectoryIsOneSentence) {
  try {
    write_hdf5(sample_tree(), "/nonexistent/directory/tree.h5");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    EXPECT_STREQ(error.what(),
                 "/nonexistent/directory/tree.h5: cannot create: No such file or directory; create "
                 "the directory first");
  }
}

TEST(Hdf5Writer, WritesBorrowedMatricesInPlace) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("features.h5");
  std::vector<float> matrix(1025 * 33);
  for (size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i) * 0.25f;
  const std::vector<std::string> names(33, "feature");
  write_hdf5_file(path, [&](Hdf5Writer& writer) {
    const int64_t shape[] = {1025, 33};
    writer.dataset("/X", ElementType::kFloat32, shape, matrix.data());
    writer.dataset("/groups/names", names);
    writer.attribute("/X", "feature_names", Array::of(names));
  });
  const Hdf5Node root = read_hdf5(path);
  const auto x = root.require("X", path).array.floats();
  EXPECT_TRUE(std::equal(x.begin(), x.end(), matrix.begin(), matrix.end()));
  EXPECT_EQ(root.require("groups/names", path).array.strings, names);
  EXPECT_EQ(root.require("X", path).attributes.at("feature_names").strings, names);
}

TEST(Hdf5Writer, TextThatHdf5CannotHoldIsRefused) {
  const TemporaryDirectory directory;
  Hdf5Node root;
  root.set_dataset("t", Array::of(std::vector<std::string>{std::string("a\0b", 3)}));
  EXPECT_THROW(write_hdf5(root, directory.file("t.h5")), Error);
  root.set_dataset("t", Array::of(std::vector<std::string>{"\xff"}));
  EXPECT_THROW(write_hdf5(root, directory.file("t.h5")), Error);
  EXPECT_TRUE(std::filesystem::is_empty(directory.file("")));
}

}  // namespace
}  // namespace reprotrain::engine
