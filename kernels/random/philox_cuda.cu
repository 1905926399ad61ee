// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/philox_cuda.h"

#include "kernels/base/ceil_div.h"
#include "kernels/base/quad_map_cuda.h"

namespace reprotrain::kernels {
namespace {

struct WordQuad {
  using Value = uint32_t;
  static constexpr int kReads = 0;
  static constexpr int kWrites = 1;
  RandomStream random;

  __device__ void operator()(int64_t quad, const uint32_t (* /*in*/)[4], uint32_t (*out)[4]) const {
    const PhiloxBlock block = random_block(random, static_cast<uint64_t>(quad));
    for (int i = 0; i < 4; ++i) out[0][i] = block.word[i];
  }
};

struct UnitQuad {
  using Value = float;
  static constexpr int kReads = 0;
  static constexpr int kWrites = 1;
  RandomStream random;

  __device__ void operator()(int64_t quad, const float (* /*in*/)[4], float (*out)[4]) const {
    const PhiloxBlock block = random_block(random, static_cast<uint64_t>(quad));
    for (int i = 0; i < 4; ++i) out[0][i] = unit_of_word(block.word[i]);
  }
};

/// Two keys to a Philox block.
__global__ void key_pairs(RandomStream random, uint64_t* keys, int64_t n) {
  for (int64_t pair = thread_of_grid(); 2 * pair < n; pair += threads_of_grid()) {
    const PhiloxBlock block = random_block(random, static_cast<uint64_t>(pair));
    keys[2 * pair] = block.word[0] | uint64_t{block.word[1]} << 32;
    if (2 * pair + 1 < n) keys[2 * pair + 1] = block.word[2] | uint64_t{block.word[3]} << 32;
  }
}

}  // namespace

void random_words_cuda(RandomStream random, uint32_t* words, int64_t n, cudaStream_t stream) {
  map_quads(WordQuad{random}, {{}, {words}}, n, stream);
}

void random_units_cuda(RandomStream random, float* units, int64_t n, cudaStream_t stream) {
  map_quads(UnitQuad{random}, {{}, {units}}, n, stream);
}

void random_keys_cuda(RandomStream random, uint64_t* keys, int64_t n, cudaStream_t stream) {
  if (n == 0) return;
  constexpr unsigned kThreads = 256;
  launch(key_pairs, {blocks_for(ceil_div(n, 2), kThreads), kThreads}, stream, random, keys, n);
}

}  // namespace reprotrain::kernels
