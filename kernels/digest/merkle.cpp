// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/merkle.h"

#include <algorithm>
#include <cassert>

namespace reprotrain::kernels {

namespace {
constexpr std::byte kLeafPrefix{0x00};
constexpr std::byte kNodePrefix{0x01};
}  // namespace

MerkleTree::MerkleTree(int64_t tile_bytes) : tile_bytes_(tile_bytes) { assert(tile_bytes >= 1); }

void MerkleTree::update(std::span<const std::byte> bytes) {
  size_bytes_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    if (tile_fill_ == 0) tile_.update(std::span(&kLeafPrefix, 1));
    const auto n = std::min(static_cast<int64_t>(bytes.size()), tile_bytes_ - tile_fill_);
    tile_.update(bytes.first(static_cast<size_t>(n)));
    bytes = bytes.subspan(static_cast<size_t>(n));
    tile_fill_ += n;
    if (tile_fill_ == tile_bytes_) close_tile();
  }
}

// Adding a tile is adding 1 to n_tiles_ in binary: each carry joins two subtrees of equal size.
void MerkleTree::close_tile() {
  Sha256Digest subtree = tile_.finish();
  tile_fill_ = 0;
  for (uint64_t carry = n_tiles_; (carry & 1u) != 0; carry >>= 1) {
    subtree = node(subtrees_[static_cast<size_t>(--n_subtrees_)], subtree);
  }
  subtrees_[static_cast<size_t>(n_subtrees_++)] = subtree;
  ++n_tiles_;
}

Sha256Digest MerkleTree::node(const Sha256Digest& left, const Sha256Digest& right) {
  node_.update(std::span(&kNodePrefix, 1));
  node_.update(std::as_bytes(std::span(left)));
  node_.update(std::as_bytes(std::span(right)));
  return node_.finish();
}

Sha256Digest MerkleTree::finish() {
  if (tile_fill_ > 0) close_tile();
  Sha256Digest root;
  if (n_subtrees_ == 0) {
    root = tile_.finish();
  } else {
    root = subtrees_[static_cast<size_t>(n_subtrees_ - 1)];
    for (int i = n_subtrees_ - 2; i >= 0; --i) root = node(subtrees_[static_cast<size_t>(i)], root);
  }
  size_bytes_ = 0;
  n_tiles_ = 0;
  n_subtrees_ = 0;
  return root;
}

}  // namespace reprotrain::kernels
