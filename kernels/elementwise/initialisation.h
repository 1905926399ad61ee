// SPDX-License-Identifier: Apache-2.0
// Initial weights: uniform, with Glorot's limit.
//
//   limit    = f32(sqrt(6 / (n_in + n_out)))     sum, quotient and root in binary64
//   u        = random_unit(stream, i)            i = row * n_out + column
//   value[i] = limit * (2 * u - 1)               2u - 1 is exact, one rounding
//   stream   = (seed, stream_of(kInitialisation, instance), step 0)
//
// `instance` is the position of the tensor in the network's parameter list.
// Reference: Glorot, Bengio, "Understanding the difficulty of training deep feedforward
// networks", 2010.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/hd.h"
#include "kernels/random/philox.h"
#include "kernels/random/streams.h"

namespace reprotrain::kernels {

/// The distribution of one tensor's initial weights.
struct WeightInitialisation {
  float limit;
  RandomStream stream;

  /// Of a tensor (n_in, n_out); n_in + n_out > 0.
  static WeightInitialisation of_tensor(int64_t n_in, int64_t n_out, uint64_t seed,
                                        uint32_t instance) {
    const double fan = static_cast<double>(n_in) + static_cast<double>(n_out);
    return {static_cast<float>(__builtin_sqrt(6.0 / fan)),
            {seed, stream_of(StreamPurpose::kInitialisation, instance), 0}};
  }
  RPT_HD float value_of_word(uint32_t word) const {
    return limit * (2.0f * unit_of_word(word) - 1.0f);
  }
};

/// `values` (n_in, n_out), row-major; n_in + n_out > 0.
inline void initialise_weight(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                              std::span<float> values) {
  const auto weights = WeightInitialisation::of_tensor(n_in, n_out, seed, instance);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = weights.value_of_word(random_word(weights.stream, i));
  }
}

}  // namespace reprotrain::kernels
