// SPDX-License-Identifier: Apache-2.0
// A fast digest of tensors in memory, for finding faults: where two runs part.
//
//   digest = sum over lanes i of mix(lane_i; key, i) + mix((n_elements, type); key, 2^64 - 1)
//
// modulo 2^128. A lane is 16 bytes: four binary32 (NaNs canonical) or two int64, little-endian, the
// last lane padded with zero bits. mix is a bijection of the lane for every index and tensor id, so
// a change within one lane is always seen; swaps, shifts, changes of several lanes all but surely.
// Why: a traced training step digests every parameter and moment, 10 GB/s a core (AVX2, Zen 3), on CPU and GPU
// alike. No defence against an adversary: use SHA-256.
// Determinism: addition modulo 2^128 is associative, so cuts, threads and ranks do not matter.
// See also: sha256.h, docs/arithmetic.md "Digests".
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/base/hd.h"
#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// Names the definition in run records (docs/arithmetic.md, "Digests").
inline constexpr const char* kTileDigestId = "tile-digest-v1-draft";

/// A 128-bit integer: the sum of the mixed lanes seen so far.
struct Digest128 {
  uint64_t low = 0;
  uint64_t high = 0;

  /// Adds what another part of the tensor came to, modulo 2^128.
  RPT_HD void merge(Digest128 other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
  }

  /// 32 lower-case hexadecimal digits, most significant first.
  std::string hex() const;

  friend bool operator==(const Digest128&, const Digest128&) = default;
};

/// The type tags of the final term.
enum class DigestType : uint64_t { kFloat32 = 1, kInt64 = 2 };

/// What tells tensors apart: two words spread from the tensor's id.
struct DigestKey {
  uint64_t word[2];
};

/// High half xor low half of the 128-bit product.
RPT_HD uint64_t folded_product(uint64_t a, uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
}

RPT_HD DigestKey digest_key(uint64_t tensor_id) {
  const uint64_t first = folded_product(tensor_id ^ 0x9e3779b97f4a7c15ull, 0xd1342543de82ef95ull);
  const uint64_t second = folded_product(first + tensor_id, 0xaf251af3b0f025b5ull);
  return {{first, second ^ tensor_id}};
}

/// By what the halves of the key grow from lane to lane, and the factors of the rounds.
inline constexpr uint64_t kLowKeyStep = 0x9e3779b97f4a7c15ull;
inline constexpr uint64_t kHighKeyStep = 0xc2b2ae3d27d4eb4full;
inline constexpr uint64_t kFirstRound = 0x8cb92ba72f3d8dd7ull;
inline constexpr uint64_t kSecondRound = 0xd6e8feb86659fd93ull;
inline constexpr uint64_t kThirdRound = 0xa0761d6478bd642full;

/// Three Feistel rounds over two halves, a bijection.
RPT_HD Digest128 mixed_halves(uint64_t a, uint64_t b) {
  b ^= folded_product(a, kFirstRound);
  a ^= folded_product(b, kSecondRound);
  b ^= folded_product(a, kThirdRound);
  return {a, b};
}

/// A lane with its key, mixed: a bijection for every (key, index).
RPT_HD Digest128 mixed_lane(uint64_t low, uint64_t high, DigestKey key, uint64_t index) {
  return mixed_halves(low ^ (key.word[0] + index * kLowKeyStep),
                      high ^ (key.word[1] + index * kHighKeyStep));
}

/// Digest of a whole tensor. `tensor_id` tells tensors of one model apart (its number in a list).
Digest128 tile_digest(std::span<const float> values, uint64_t tensor_id, const Parallel& parallel);
Digest128 tile_digest(std::span<const int64_t> values, uint64_t tensor_id,
                      const Parallel& parallel);

}  // namespace reprotrain::kernels
