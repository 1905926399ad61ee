// SPDX-License-Identifier: Apache-2.0
// Merkle tree hash of a byte stream, cut into tiles of a fixed size (hashes as in RFC 6962).
//
//   leaf      = SHA-256(0x00 || tile)
//   node      = SHA-256(0x01 || left || right)
//   empty     = SHA-256("")
//   split     : n > 1 tiles have the largest power of two below n on the left
//
// Every tile is `tile_bytes` long except the last, which holds the 1 to tile_bytes bytes left over.
// Why: two datasets that differ can be bisected to the tile, and tiles can be hashed independently.
// Determinism: a function of the bytes only, not of how update() cuts them.
// Reference: RFC 6962 section 2.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/digest/sha256.h"

namespace reprotrain::kernels {

inline constexpr int64_t kMerkleTileBytes = int64_t{1} << 20;

/// Streaming: keeps one subtree per set bit of the number of tiles, so O(log n) memory.
class MerkleTree {
 public:
  /// `tile_bytes` >= 1; content ids use the default.
  explicit MerkleTree(int64_t tile_bytes = kMerkleTileBytes);

  void update(std::span<const std::byte> bytes);

  /// The root of everything since construction or the last finish(); then starts anew.
  Sha256Digest finish();

  /// Bytes since construction or the last finish().
  int64_t size_bytes() const noexcept { return size_bytes_; }

 private:
  void close_tile();
  Sha256Digest node(const Sha256Digest& left, const Sha256Digest& right);

  int64_t tile_bytes_;
  int64_t size_bytes_ = 0;
  int64_t tile_fill_ = 0;  ///< bytes of the open tile
  uint64_t n_tiles_ = 0;   ///< closed tiles; each set bit is one complete subtree on the stack
  int n_subtrees_ = 0;
  std::array<Sha256Digest, 64> subtrees_;  ///< left to right, each larger than the next
  Sha256 tile_;
  Sha256 node_;
};

}  // namespace reprotrain::kernels
