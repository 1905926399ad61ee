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
  const uint32_t* step;  // in its place, where it is given

  __device__ void operator()(int64_t quad, const float (*in)[4], float (*out)[4]) const {
    RandomStream of_step = random;
    if (step != nullptr) of_step.step = *step;
    const PhiloxBlock block = random_block(of_step, static_cast<uint64_t>(quad));
    for (int i = 0; i < 4; ++i) out[0][i] = dropout.apply(block.word[i], in[0][i]);
  }
};

}  // namespace

void apply_dropout_cuda(const Dropout& dropout, RandomStream random, float* values, int64_t n,
                        cudaStream_t stream, const uint32_t* step) {
  map_quads(DropoutQuad{dropout, random, step}, {{values}, {values}}, n, stream);
}

}  // namespace reprotrain::kernels
