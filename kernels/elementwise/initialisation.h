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

#include "kernels/random/philox.h"
#include "kernels/random/streams.h"

namespace reprotrain::kernels {

/// `values` (n_in, n_out), row-major; n_in + n_out > 0.
inline void initialise_weight(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                              std::span<float> values) {
  const double fan = static_cast<double>(n_in) + static_cast<double>(n_out);
  const float limit = static_cast<float>(__builtin_sqrt(6.0 / fan));
  const RandomStream stream{seed, stream_of(StreamPurpose::kInitialisation, instance), 0};
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = limit * (2.0f * random_unit(stream, i) - 1.0f);
  }
}

}  // namespace reprotrain::kernels
