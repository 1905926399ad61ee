// SPDX-License-Identifier: Apache-2.0
#include "engine/data/content_id.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <set>

#include "engine/data/hdf5_writer.h"
#include "tests/engine/data/foreign_hdf5.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::ForeignFile;
using testing::StorageVariant;
using testing::TemporaryDirectory;

std::string id_of_variant(const TemporaryDirectory& directory, const StorageVariant& variant,
                          int flipped_bit = -1) {
  const std::string path = directory.file("variant.h5");
  { ForeignFile(path, variant).fill(flipped_bit); }
  return hdf5_content_id(path);
}

TEST(ContentId, DoesNotDependOnHowAFileIsStored) {
  const TemporaryDirectory directory;
  const std::string expected = id_of_variant(directory, {});
  EXPECT_EQ(expected.size(), std::strlen("h5c1:") + 64);
  for (const StorageVariant& variant : testing::storage_variants()) {
    EXPECT_EQ(id_of_variant(directory, variant), expected) << variant.name;
  }
}

TEST(ContentId, OneFlippedBitChangesIt) {
  const TemporaryDirectory directory;
  std::set<std::string> ids = {id_of_variant(directory, {})};
  const int n_bits = static_cast<int>(ForeignFile::kRows * ForeignFile::kColumns * 32);
  for (const int bit : {0, 31, 32, 4096, n_bits / 2, n_bits - 1}) {
    ids.insert(id_of_variant(directory, {}, bit));
  }
  EXPECT_EQ(ids.size(), 7u);
}

std::string id_of_tree(const TemporaryDirectory& directory, const Hdf5Node& root) {
  write_hdf5(root, directory.file("tree.h5"));
  return hdf5_content_id(directory.file("tree.h5"));
}

TEST(ContentId, TellsTypesShapesNamesAndAttributesApart) {
  const TemporaryDirectory directory;
  const std::vector<float> floats = {0, 0, 0, 0};
  const std::vector<int32_t> integers = {0, 0, 0, 0};
  const std::vector<int64_t> wide = {0, 0};
  std::vector<Hdf5Node> roots(9);
  roots[0].set_dataset("x", Array::of(std::span(floats), {4}));
  roots[1].set_dataset("x", Array::of(std::span(integers), {4}));
  roots[2].set_dataset("x", Array::of(std::span(floats), {2, 2}));
  roots[3].set_dataset("x", Array::of(std::span(floats), {4, 1}));
  roots[4].set_dataset("y", Array::of(std::span(floats), {4}));
  roots[5].set_dataset("g/x", Array::of(std::span(floats), {4}));
  roots[6] = roots[0];
  roots[6].at_or_create("x").attributes["a"] = Array::scalar(int64_t{0});
  roots[7] = roots[0];
  roots[7].attributes["a"] = Array::scalar(int64_t{0});
  roots[8].set_dataset("x", Array::of(std::span(wide), {2}));
  std::set<std::string> ids;
  for (const Hdf5Node& root : roots) ids.insert(id_of_tree(directory, root));
  EXPECT_EQ(ids.size(), roots.size());
}

TEST(ContentId, TextsCannotBeShiftedAcrossElements) {
  const TemporaryDirectory directory;
  Hdf5Node first, second;
  first.set_dataset("t", Array::of(std::vector<std::string>{"ab", "c"}));
  second.set_dataset("t", Array::of(std::vector<std::string>{"a", "bc"}));
  EXPECT_NE(id_of_tree(directory, first), id_of_tree(directory, second));
}

TEST(ContentId, OfATensorAgreesWithThePythonOracle) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5};
  const int64_t shape[] = {2, 3};
  EXPECT_EQ(tensor_content_id(ElementType::kFloat32, shape, std::as_bytes(std::span(values))),
            "tensor1:1c196360a6af2b63207e32ab442e7693bc68e0eb505099867d0b8bfc7ff1d47d");
  EXPECT_EQ(array_content_id(Array::of(std::span(values), {2, 3})),
            "tensor1:1c196360a6af2b63207e32ab442e7693bc68e0eb505099867d0b8bfc7ff1d47d");
}

TEST(ContentId, OfTheWorkedExampleIsTheDocumentedOne) {
  const TemporaryDirectory directory;
  Hdf5Node root;
  EXPECT_EQ(id_of_tree(directory, root),
            "h5c1:85b3014c9df2adcfe5b65be764d66fea06840fbf75df13944f564ab8609f35e1");
  const std::vector<int32_t> x = {1, -2};
  root.set_dataset("x", Array::of(std::span(x), {2}));
  EXPECT_EQ(id_of_tree(directory, root),
            "h5c1:b1822d09cad400a8b93fbbc0ba32d352ebeb4ca5ece76c16c4287fd7232f30a7");
}

}  // namespace
}  // namespace reprotrain::engine
