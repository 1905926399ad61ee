// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/initialisation_cuda.h"

#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/initialisation.h"

namespace reprotrain::kernels {
namespace {

struct WeightQuad {
  using Value = float;
  static constexpr int kReads = 0;
  static constexpr int kWrites = 1;
  WeightInitialisation weights;

  __device__ void operator()(int64_t quad, const float (* /*in*/)[4], float (*out)[4]) const {
    const PhiloxBlock block = random_block(weights.stream, static_cast<uint64_t>(quad));
    for (int i = 0; i < 4; ++i) out[0][i] = weights.value_of_word(block.word[i]);
  }
};

}  // namespace

void initialise_weight_cuda(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                            float* values, cudaStream_t stream) {
  const auto weights = WeightInitialisation::of_tensor(n_in, n_out, seed, instance);
  map_quads(WeightQuad{weights}, {{}, {values}}, n_in * n_out, stream);
}

}  // namespace reprotrain::kernels
