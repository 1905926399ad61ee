// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace reprotrain::kernels {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// The recursive definition of RFC 6962, section 2.1.
Sha256Digest recursive_root(const std::vector<std::string>& leaves) {
  Sha256 sha;
  if (leaves.empty()) return sha.finish();
  if (leaves.size() == 1) {
    sha.update(std::string_view("\0", 1));
    sha.update(leaves[0]);
    return sha.finish();
  }
  const auto k = static_cast<ptrdiff_t>(std::bit_floor(leaves.size() - 1));
  const Sha256Digest left = recursive_root({leaves.begin(), leaves.begin() + k});
  const Sha256Digest right = recursive_root({leaves.begin() + k, leaves.end()});
  sha.update(std::string_view("\1", 1));
  sha.update(std::as_bytes(std::span(left)));
  sha.update(std::as_bytes(std::span(right)));
  return sha.finish();
}

std::string streamed_root(const std::string& stream, int64_t tile_bytes, size_t cut) {
  MerkleTree tree(tile_bytes);
  for (size_t i = 0; i < stream.size(); i += cut) tree.update(bytes_of(stream.substr(i, cut)));
  EXPECT_EQ(tree.size_bytes(), static_cast<int64_t>(stream.size()));
  return hex(tree.finish());
}

/// Bytes that differ everywhere: i * 2654435761 mod 2^32, its top byte.
std::string pattern(size_t n) {
  std::string text(n, '\0');
  for (size_t i = 0; i < n; ++i) {
    text[i] = static_cast<char>((static_cast<uint32_t>(i) * 2654435761u) >> 24);
  }
  return text;
}

TEST(MerkleTree, GivesTheRootsOfTheCertificateTransparencyVectors) {
  // Leaves of one length only can be tiles; these are the ones of RFC 6962's reference test data
  // that qualify: the empty tree, and the tree of the single leaf 00.
  EXPECT_EQ(hex(MerkleTree().finish()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  MerkleTree tree(1);
  tree.update(bytes_of(std::string(1, '\0')));
  EXPECT_EQ(hex(tree.finish()), "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
}

TEST(MerkleTree, EqualsTheRecursiveDefinitionForEveryNumberOfTiles) {
  constexpr int64_t kTile = 4;
  for (size_t n = 0; n <= 70; ++n) {
    const std::string stream = pattern(n);
    std::vector<std::string> tiles;
    for (size_t i = 0; i < n; i += kTile) tiles.push_back(stream.substr(i, kTile));
    EXPECT_EQ(streamed_root(stream, kTile, 1), hex(recursive_root(tiles))) << n;
  }
}

TEST(MerkleTree, CuttingTheStreamChangesNothing) {
  const std::string stream = pattern(1025);
  const std::string expected = streamed_root(stream, 32, 1025);
  for (const size_t cut : {1u, 31u, 32u, 33u, 255u, 256u, 257u, 1023u}) {
    EXPECT_EQ(streamed_root(stream, 32, cut), expected) << cut;
  }
}

TEST(MerkleTree, AgreesWithThePythonOracleOnTilesOfAMebibyte) {
  // merkle_root() of tests/oracle/content_id.py on the same pattern.
  EXPECT_EQ(streamed_root(pattern(1 << 20), kMerkleTileBytes, 1 << 20),
            "3fe07496f6cb984d480c25986cc21d6ffd8e68d8f51e442cccc7cf5a922ceaff");
  EXPECT_EQ(streamed_root(pattern((1 << 20) + 1), kMerkleTileBytes, 65537),
            "c4aac40c2c49221e13d7a3278c7eee7f5d56f8aceebd7be9d96e9a61ea62f0c1");
  EXPECT_EQ(streamed_root(pattern(5'000'000), kMerkleTileBytes, 1'000'003),
            "43a355dd8b5fc8388c782753a851acbb84a43d088b41c9aedfcd52969cfb5662");
}

TEST(MerkleTree, StartsAnewAfterFinish) {
  MerkleTree tree(4);
  tree.update(bytes_of("something else"));
  tree.finish();
  EXPECT_EQ(tree.size_bytes(), 0);
  tree.update(bytes_of("abcdefghi"));
  EXPECT_EQ(hex(tree.finish()), streamed_root("abcdefghi", 4, 9));
}

TEST(MerkleTree, OneFlippedBitChangesTheRoot) {
  const std::string stream = pattern(257);
  const std::string expected = streamed_root(stream, 32, 257);
  for (size_t i = 0; i < stream.size(); ++i) {
    std::string changed = stream;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    EXPECT_NE(streamed_root(changed, 32, 257), expected) << i;
  }
}

}  // namespace
}  // namespace reprotrain::kernels
