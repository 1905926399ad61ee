// SPDX-License-Identifier: Apache-2.0
// Operands that known answers describe in a few words; the oracles in tests/oracle make them too.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/random/philox.h"

namespace reprotrain::kernels {

/// Value i has the sign and fraction of random word i of (seed, stream 0, step 0), and the exponent
/// field `lowest_field` + (that word's own exponent field) mod `n_fields`.
inline std::vector<float> generated_floats(uint64_t seed, uint32_t lowest_field, uint32_t n_fields,
                                           size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t word = random_word({seed, 0, 0}, i);
    const uint32_t field = lowest_field + (word >> 23 & 0xffu) % n_fields;
    values[i] = float_from_bits((word & 0x807fffffu) | field << 23);
  }
  return values;
}

/// The finaliser of SplitMix64 over (i + 1) * golden ratio.
inline uint64_t mixed_word(uint64_t i) {
  uint64_t z = (i + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

/// Element i of a family of values; see the oracle for what each family is for.
inline float element(std::string_view kind, uint64_t i) {
  static constexpr uint32_t kSpecials[] = {0x00000000, 0x80000000, 0x7f800000, 0xff800000,
                                           0x7fc00000, 0x3f800000, 0xbf800000, 0x7f7fffff};
  static constexpr uint32_t kCancelling[] = {0x7f000000, 0xff000000, 0x3f800000,
                                             0x00000001, 0xbf800000, 0x80000001};
  static constexpr uint32_t kCarries[] = {0x7efdff, 0x7efe00, 0x7efe01, 0x7fffff,
                                          0x000000, 0x400000, 0x7eff00, 0x3fffff};
  static constexpr float kExtremes[] = {8355584.0f, 8290176.0f, 8290175.0f};
  const uint64_t w = mixed_word(i);
  const auto sign_fraction = static_cast<uint32_t>((w & 1) << 31 | (w >> 8 & 0x7fffff));
  const auto with_exponent = [&](uint32_t lowest, uint32_t n) {
    const uint32_t field = lowest + static_cast<uint32_t>((w >> 40) % n);
    return float_from_bits(sign_fraction | field << 23);
  };
  if (kind == "unit") return with_exponent(124, 4);
  if (kind == "wide") return with_exponent(87, 80);
  if (kind == "small") return with_exponent(48, 10);
  if (kind == "subnormal") return float_from_bits(sign_fraction);
  if (kind == "huge") return with_exponent(187, 6);
  if (kind == "special") {
    if ((w >> 32 & 3) != 0) return with_exponent(124, 4);
    return float_from_bits(kSpecials[(w >> 40) % 8]);
  }
  if (kind == "cancel") return float_from_bits(kCancelling[(w >> 40) % 6]);
  if (kind == "rare") {
    if ((w >> 32 & 15) != 0) return with_exponent(124, 4);
    return float_from_bits(kSpecials[(w >> 40) % 8]);
  }
  if (kind == "sparse") {
    return (w >> 32 & 7) != 0 ? float_from_bits(sign_fraction & 0x80000000u)
                              : with_exponent(124, 4);
  }
  if (kind == "carry") {
    const uint32_t sign = sign_fraction & 0x80000000u;
    const uint32_t field = 102 + static_cast<uint32_t>((w >> 40) % 26);
    return float_from_bits(sign | field << 23 | kCarries[(w >> 52) % 8]);
  }
  if (kind == "extreme") return kExtremes[(w >> 40) % 3];
  if (kind == "largest") return kExtremes[0];
  throw std::invalid_argument("no such kind of element");
}

}  // namespace reprotrain::kernels
