// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/dropout.h"

#include <algorithm>

#include "kernels/base/vector_loop.h"

namespace reprotrain::kernels {

namespace {

/// Elements 4 * block ... 4 * block + 3: the words of one Philox block.
struct DropoutBlock {
  Dropout dropout;
  RandomStream stream;
  float* values;
  RPT_HD void operator()(int64_t block) const {
    const PhiloxBlock random = random_block(stream, static_cast<uint64_t>(block));
    for (int word = 0; word < 4; ++word) {
      float& value = values[4 * block + word];
      value = dropout.apply(random.word[word], value);
    }
  }
};

constexpr int64_t kBlockGrain = 512;

}  // namespace

void apply_dropout(const Dropout& dropout, RandomStream stream, std::span<float> values,
                   const Parallel& parallel) {
  const auto n = static_cast<int64_t>(values.size());
  parallel_vector_loop(DropoutBlock{dropout, stream, values.data()}, n / 4, parallel, kBlockGrain);
  for (int64_t i = n - n % 4; i < n; ++i) {
    float& value = values[static_cast<size_t>(i)];
    value = dropout.apply(random_word(stream, static_cast<uint64_t>(i)), value);
  }
}

}  // namespace reprotrain::kernels
