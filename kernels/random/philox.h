// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10: random words as a pure function of (seed, stream, step, index).
//
//   key     = (seed low, seed high)
//   counter = (block low, block high, stream, step),  block = index / 4
//   word(index) = philox4x32_10(counter, key)[index mod 4]
//
// Why: a generator with state would tie the numbers to who draws first. Here the index is logical
// (an element, a row), so any thread, GPU block or resumed run draws the same number for it.
// Reference: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// See also: streams.h (who uses which stream), docs/arithmetic.md "Random numbers".
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

struct PhiloxBlock {
  uint32_t word[4];
};

/// Ten rounds of the Philox bijection on four 32-bit words.
RPT_HD PhiloxBlock philox4x32_10(const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * c0;
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(product1);
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(product0);
    k0 += 0x9E3779B9u;  // the fractional part of the golden ratio
    k1 += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return {{c0, c1, c2, c3}};
}

/// One of 2^64 independent sequences per seed; each holds 2^66 words.
struct RandomStream {
  uint64_t seed;
  uint32_t stream;  ///< what the numbers are for: stream_of() of streams.h
  uint32_t step;    ///< when: training step, epoch; 0 where there is none
};

/// Words 4 * block ... 4 * block + 3 of the stream: what a loop over many indices should use.
RPT_HD PhiloxBlock random_block(RandomStream stream, uint64_t block) {
  const uint32_t counter[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                               stream.stream, stream.step};
  const uint32_t key[2] = {static_cast<uint32_t>(stream.seed),
                           static_cast<uint32_t>(stream.seed >> 32)};
  return philox4x32_10(counter, key);
}

/// Word `index` of the stream, uniform on the 32-bit integers.
RPT_HD uint32_t random_word(RandomStream stream, uint64_t index) {
  return random_block(stream, index / 4).word[index % 4];
}

/// Uniform on the multiples of 2^-24 in [0, 1), exactly: the upper 24 bits of a word.
RPT_HD float unit_of_word(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

/// unit_of_word of word `index`.
RPT_HD float random_unit(RandomStream stream, uint64_t index) {
  return unit_of_word(random_word(stream, index));
}

/// Uniform on the 64-bit integers: words 2 * index (low half) and 2 * index + 1 (high half), the
/// doubled index modulo 2^64.
RPT_HD uint64_t random_key(RandomStream stream, uint64_t index) {
  const uint64_t low = 2 * index;
  const PhiloxBlock block = random_block(stream, low / 4);
  return block.word[low % 4] | uint64_t{block.word[low % 4 + 1]} << 32;
}

}  // namespace reprotrain::kernels
