// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/dropout_cuda.h"

#include "kernels/base/quad_map_cuda.h"

namespace reprotrain::kernels {
namespace {

/// A quad takes the four words of one Philox block.
struct DropoutQuad {
  using Value = float;
  static constexpr int kReads = 1;
  static constexpr int kWrites = 1;
  Dropout dropout;
  RandomStream random;

  __device__ void operator()(int64_t quad, const float (*in)[4], float (*out)[4]) const {
    const PhiloxBlock block = random_block(random, static_cast<uint64_t>(quad));
    for (int i = 0; i < 4; ++i) out[0][i] = dropout.apply(block.word[i], in[0][i]);
  }
};

}  // namespace

void apply_dropout_cuda(const Dropout& dropout, RandomStream random, float* values, int64_t n,
                        cudaStream_t stream) {
  map_quads(DropoutQuad{dropout, random}, {{values}, {values}}, n, stream);
}

}  // namespace reprotrain::kernels
