// SPDX-License-Identifier: Apache-2.0
// Packs integers q of a few terms into the words of a digit layout (digit_tile.h), vector by vector.
//
// Each struct is the body of a row_loop over groups of terms: group g reads rows g * n_terms ... of
// `integers` and writes its words. Rows have `width` integers, one of each vector of a panel.
#pragma once

#include <cstdint>

#include "kernels/base/hd.h"
#include "kernels/base/vector_loop.h"
#include "kernels/matmul/digit_slices.h"

namespace reprotrain::kernels {

/// Two int16 in a word.
RPT_HD int32_t pair_word(int32_t low, int32_t high) {
  return static_cast<int32_t>((static_cast<uint32_t>(low) & 0xffffu) |
                              (static_cast<uint32_t>(high) << 16));
}

struct PairWords {
  const int32_t* integers;
  int32_t* words;
  int64_t width;
};

/// p = 2: [d1, d0].
struct PairWordsOfA2 : PairWords {
  RPT_HD void operator()(int64_t group) const {
    const int32_t* q = integers + group * width;
    int32_t* word = words + group * width;
    RPT_INDEPENDENT for (int64_t i = 0; i < width; ++i) {
      word[i] = pair_word(without_lowest_digit(q[i]), lowest_digit(q[i]));
    }
  }
};

/// p = 2: [256 e1 + e0, e1].
struct PairWordsOfB2 : PairWords {
  RPT_HD void operator()(int64_t group) const {
    const int32_t* q = integers + group * width;
    int32_t* word = words + group * width;
    RPT_INDEPENDENT for (int64_t i = 0; i < width; ++i) {
      word[i] = pair_word(q[i], without_lowest_digit(q[i]));
    }
  }
};

/// p = 3, two terms: [d2, d2'] [d1, d1'] [d0, d2] [d0', d2'].
struct PairWordsOfA3 : PairWords {
  RPT_HD void operator()(int64_t group) const {
    const int32_t* q = integers + 2 * group * width;
    int32_t* word = words + 4 * group * width;
    RPT_INDEPENDENT for (int64_t i = 0; i < width; ++i) {
      const int32_t first = without_lowest_digit(q[i]);
      const int32_t second = without_lowest_digit(q[width + i]);
      const int32_t first_top = without_lowest_digit(first);
      const int32_t second_top = without_lowest_digit(second);
      word[i] = pair_word(first_top, second_top);
      word[width + i] = pair_word(lowest_digit(first), lowest_digit(second));
      word[2 * width + i] = pair_word(lowest_digit(q[i]), first_top);
      word[3 * width + i] = pair_word(lowest_digit(q[width + i]), second_top);
    }
  }
};

/// p = 3, two terms: [256 e2 + e1, 256 e2' + e1'] [e2, e0] [e2', e0'].
struct PairWordsOfB3 : PairWords {
  RPT_HD void operator()(int64_t group) const {
    const int32_t* q = integers + 2 * group * width;
    int32_t* word = words + 3 * group * width;
    RPT_INDEPENDENT for (int64_t i = 0; i < width; ++i) {
      const int32_t first = without_lowest_digit(q[i]);
      const int32_t second = without_lowest_digit(q[width + i]);
      word[i] = pair_word(first, second);
      word[width + i] = pair_word(without_lowest_digit(first), lowest_digit(q[i]));
      word[2 * width + i] = pair_word(without_lowest_digit(second), lowest_digit(q[width + i]));
    }
  }
};

/// Four terms: word n holds digit n of each. Digits come with an offset of 128; `flip`
/// 0x80808080 takes it away again, 0 leaves it there.
template <int kDigits>
struct QuadWords {
  const int32_t* integers;
  int32_t* words;
  int64_t width;
  uint32_t flip;

  RPT_HD void operator()(int64_t group) const {
    const int32_t* q = integers + 4 * group * width;
    int32_t* word = words + kDigits * group * width;
    RPT_INDEPENDENT for (int64_t i = 0; i < width; ++i) {
      uint32_t digits[kDigits] = {};
      for (int term = 0; term < 4; ++term) {
        const uint32_t offset = offset_digits(q[term * width + i]);
        for (int n = 0; n < kDigits; ++n) digits[n] |= (offset >> 8 * n & 0xffu) << 8 * term;
      }
      for (int n = 0; n < kDigits; ++n) {
        word[n * width + i] = static_cast<int32_t>(digits[n] ^ flip);
      }
    }
  }
};

}  // namespace reprotrain::kernels
