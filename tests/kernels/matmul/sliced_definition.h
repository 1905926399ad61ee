// SPDX-License-Identifier: Apache-2.0
// int8x2-v1-draft and int8x3-v1-draft word for word, in integers, one element at a time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/matmul/ordered_matmul.h"
#include "tests/support/bit_patterns.h"

namespace reprotrain::testing {

/// A finite binary32 number as significand * 2^exponent.
struct Scaled {
  int64_t significand;
  int exponent;
  explicit Scaled(float x) {
    const uint32_t bits = kernels::bits_of(x);
    const int field = static_cast<int>(bits >> 23 & 0xff);
    const int64_t fraction = bits & 0x7fffff;
    significand = field == 0 ? fraction : fraction + 0x800000;
    if (bits >> 31 != 0) significand = -significand;
    exponent = std::max(field, 1) - 150;
  }
};

/// The integer nearest to value * 2^exponent, ties to even. abs(value) < 2^62.
inline int64_t nearest_integer(int64_t value, int exponent) {
  if (exponent >= 0) return value * (int64_t{1} << exponent);
  if (exponent < -62) return 0;
  const int64_t magnitude = std::abs(value);
  const int64_t whole = magnitude >> -exponent;
  const int64_t rest = magnitude - (whole << -exponent);
  const int64_t half = int64_t{1} << (-exponent - 1);
  const bool up = rest > half || (rest == half && whole % 2 == 1);
  const int64_t rounded = whole + (up ? 1 : 0);
  return value < 0 ? -rounded : rounded;
}

/// value * 2^exponent, rounded once to binary32. abs(value) < 2^62.
inline float nearest_float(int64_t value, int exponent) {
  if (value == 0) return 0.0f;
  int length = 0;
  while (std::abs(value) >> length != 0) ++length;
  const int unit = std::max(exponent + length - 24, -149);  // exponent of the last place
  const int64_t in_units = nearest_integer(value, exponent - unit);
  uint32_t magnitude = 0;
  if (in_units != 0) {
    // A carry into a 25th bit arrives at the right exponent by itself.
    const int64_t field = unit + 149;
    const int64_t bits = (field << 23) + std::abs(in_units);
    magnitude = static_cast<uint32_t>(std::min<int64_t>(bits, 0x7f800000));
  }
  return kernels::float_from_bits(magnitude | (value < 0 ? 0x80000000u : 0u));
}

/// Digits of a vector, the lowest first, and its exponent s.
struct Sliced {
  int s = 0;
  std::vector<std::vector<int64_t>> digits;

  Sliced(const std::vector<float>& x, int p) {
    const int64_t limit = p == 2 ? 32639 : 32639 * 256;
    float largest = 0.0f;
    for (float value : x) {
      if (kernels::is_finite(value)) largest = std::max(largest, std::max(value, -value));
    }
    const Scaled m(largest);
    // The largest s with significand * 2^(exponent + s) <= limit, found by search.
    if (largest > 0.0f) {
      s = -m.exponent + 23;
      const auto exceeds = [&](int shift) {
        return shift >= 0 ? (m.significand << shift) > limit : m.significand > limit << -shift;
      };
      while (exceeds(m.exponent + s)) --s;
    }
    for (float value : x) {
      const Scaled scaled(value);
      int64_t q =
          kernels::is_finite(value) ? nearest_integer(scaled.significand, scaled.exponent + s) : 0;
      digits.emplace_back();
      for (int n = 0; n < p; ++n) {
        const int64_t digit = ((q + 128) % 256 + 256) % 256 - 128;
        digits.back().push_back(digit);
        q = (q - digit) / 256;
      }
      EXPECT_EQ(q, 0);
      EXPECT_LE(std::abs(digits.back().back()), 127);
    }
  }
};

/// T * 2^(8(p-1) - s - t) of a row and a column without infinities and NaNs.
inline float product_of_slices(const Sliced& x, const Sliced& y, int p) {
  int64_t total = 0;
  for (size_t k = 0; k < x.digits.size(); ++k) {
    for (int i = 0; i < p; ++i) {
      for (int j = p - 1 - i; j < p; ++j) {
        const int64_t weight = int64_t{1} << 8 * (i + j - (p - 1));
        total += weight * x.digits[k][static_cast<size_t>(i)] * y.digits[k][static_cast<size_t>(j)];
      }
    }
  }
  return nearest_float(total, 8 * (p - 1) - x.s - y.s);
}

inline float sum_of_non_finite_terms(const std::vector<float>& a, const std::vector<float>& b) {
  float sum = 0.0f;
  for (size_t k = 0; k < a.size(); ++k) {
    if (!kernels::is_finite(a[k]) || !kernels::is_finite(b[k])) sum += a[k] * b[k];
  }
  return sum;
}

inline Bits sliced_by_definition(const kernels::MatrixProduct& product, int p) {
  const auto all_finite = [](const std::vector<float>& x) {
    return std::all_of(x.begin(), x.end(), [](float value) { return kernels::is_finite(value); });
  };
  std::vector<std::vector<float>> rows, columns;
  std::vector<Sliced> row_slices, column_slices;
  for (int64_t i = 0; i < product.c.n_rows; ++i) {
    rows.emplace_back();
    for (int64_t k = 0; k < product.depth(); ++k) {
      rows.back().push_back(product.transpose_a ? product.a(k, i) : product.a(i, k));
    }
    row_slices.emplace_back(rows.back(), p);
  }
  for (int64_t j = 0; j < product.c.n_columns; ++j) {
    columns.emplace_back();
    for (int64_t k = 0; k < product.depth(); ++k) {
      columns.back().push_back(product.transpose_b ? product.b(j, k) : product.b(k, j));
    }
    column_slices.emplace_back(columns.back(), p);
  }
  Bits bits;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      float value = all_finite(rows[i]) && all_finite(columns[j])
                        ? product_of_slices(row_slices[i], column_slices[j], p)
                        : sum_of_non_finite_terms(rows[i], columns[j]);
      if (product.bias != nullptr) value = value + product.bias[j];
      bits.push_back(kernels::bits_of(kernels::canonical(value)));
    }
  }
  return bits;
}

}  // namespace reprotrain::testing
