// SPDX-License-Identifier: Apache-2.0
// Dropout: a mask that is a pure function of (seed, layer, step, element).
//
//   threshold = integer part of (p * 2^32)            binary64; p: probability of dropping, < 1
//   scale     = f32(1 / (1 - p))                      binary64, rounded once to binary32
//   keep(i)   = random_word(stream, i) >= threshold   i = row * n_columns + column, in the batch
//   y[i]      = keep(i) ? x[i] * scale : +0
//   stream    = (seed, stream_of(kDropout, layer), step)
//
// Backward applies the same map to the gradient.
// Determinism: no state; nothing is stored between the two passes.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/base/hd.h"
#include "kernels/base/parallel.h"
#include "kernels/random/philox.h"

namespace reprotrain::kernels {

struct Dropout {
  uint32_t threshold = 0;
  float scale = 1.0f;

  /// `probability` of dropping, in [0, 1).
  static Dropout with_probability(double probability) {
    return {static_cast<uint32_t>(static_cast<uint64_t>(probability * 0x1p32)),
            static_cast<float>(1.0 / (1.0 - probability))};
  }

  RPT_HD float apply(uint32_t word, float value) const {
    return word >= threshold ? value * scale : 0.0f;
  }
};

/// values[i] = dropout.apply(random_word(stream, i), values[i]).
void apply_dropout(const Dropout& dropout, RandomStream stream, std::span<float> values,
                   const Parallel& parallel);

}  // namespace reprotrain::kernels
