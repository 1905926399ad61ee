// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/tile_digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;

std::string digest_of(const std::vector<float>& values, uint64_t tensor_id = 3) {
  return tile_digest(std::span<const float>(values), tensor_id, SerialParallel()).hex();
}
std::string digest_of(const std::vector<int64_t>& values, uint64_t tensor_id = 3) {
  return tile_digest(std::span<const int64_t>(values), tensor_id, SerialParallel()).hex();
}
std::vector<int64_t> counting(size_t n) {
  std::vector<int64_t> values(n);
  std::iota(values.begin(), values.end(), int64_t{0});
  return values;
}

TEST(TileDigest, GivesTheOraclesDigests) {
  for (const auto& known : known_answers("tile_digest.kat", "floats")) {
    std::vector<float> values;
    for (size_t i = 1; i < known.inputs.size(); ++i) {
      values.push_back(float_from_bits(static_cast<uint32_t>(from_hex(known.inputs[i]))));
    }
    EXPECT_EQ(digest_of(values, from_decimal(known.inputs[0])), known.outputs[0]) << known.line;
  }
  for (const auto& known : known_answers("tile_digest.kat", "int64")) {
    std::vector<int64_t> values;
    for (size_t i = 1; i < known.inputs.size(); ++i) values.push_back(std::stoll(known.inputs[i]));
    EXPECT_EQ(digest_of(values, from_decimal(known.inputs[0])), known.outputs[0]) << known.line;
  }
}

TEST(TileDigest, IsTheSameOnEveryPath) {
  for (const size_t n : {0, 1, 4, 31, 32, 33, 36, 64, 67, 255, 4096, 4099, 8193, 40007}) {
    const std::vector<float> values = generated_floats(7, 0, 256, n);
    std::vector<std::string> digests;
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      digests.push_back(digest_of(values) + digest_of(counting(n)));
      EXPECT_EQ(digests.back(), digests.front()) << n << " " << name_of(path);
    }
  }
}

TEST(TileDigest, SeesANanInEveryPlaceAsTheCanonicalOne) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (size_t place = 0; place < 77; ++place) {
      std::vector<float> values(77, 1.5f);
      values[place] = float_from_bits(0x7fc00000u);
      const std::string expected = digest_of(values);
      values[place] = float_from_bits(0xff800001u);
      EXPECT_EQ(digest_of(values), expected) << place << " " << name_of(path);
    }
  }
}

TEST(TileDigest, GivesTheOraclesDigestsOfLongTensorsUnderEveryCut) {
  for (const auto& known : known_answers("tile_digest.kat", "generated")) {
    const uint64_t id = from_decimal(known.inputs[0]);
    const std::vector<float> values =
        generated_floats(from_decimal(known.inputs[1]), 0, 256, from_decimal(known.inputs[2]));
    EXPECT_EQ(digest_of(values, id), known.outputs[0]) << known.line;
    for (uint64_t seed = 0; seed < 4; ++seed) {
      const testing::AdversarialParallel parallel(seed);
      EXPECT_EQ(tile_digest(std::span<const float>(values), id, parallel).hex(), known.outputs[0]);
    }
  }
  for (const auto& known : known_answers("tile_digest.kat", "counting")) {
    const uint64_t id = from_decimal(known.inputs[0]);
    const std::vector<int64_t> values = counting(from_decimal(known.inputs[1]));
    EXPECT_EQ(digest_of(values, id), known.outputs[0]) << known.line;
    const testing::AdversarialParallel parallel(id);
    EXPECT_EQ(tile_digest(std::span<const int64_t>(values), id, parallel).hex(), known.outputs[0]);
  }
}

TEST(TileDigest, SeesEverySingleBitFlip) {
  for (const size_t n : std::initializer_list<size_t>{1, 2, 3, 4, 5, 8, 33}) {
    // Finite values only: flips among NaNs are canonicalised away on purpose.
    std::vector<float> values = generated_floats(n, 100, 20, n);
    std::set<std::string> seen = {digest_of(values)};
    for (size_t i = 0; i < n; ++i) {
      for (int bit = 0; bit < 32; ++bit) {
        const float kept = values[i];
        values[i] = float_from_bits(bits_of(kept) ^ (1u << bit));
        EXPECT_TRUE(seen.insert(digest_of(values)).second) << "element " << i << ", bit " << bit;
        values[i] = kept;
      }
    }
    EXPECT_EQ(seen.size(), 1 + 32 * n);
  }
}

TEST(TileDigest, SeesEveryPairOfBitFlips) {
  std::vector<int64_t> values = {1, -2, 3, int64_t{1} << 40};
  std::set<std::string> seen = {digest_of(values)};
  const auto flip = [&values](int bit) {
    values[static_cast<size_t>(bit / 64)] ^= static_cast<int64_t>(uint64_t{1} << (bit % 64));
  };
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second <= first; ++second) {
      flip(first);
      if (second != first) flip(second);
      seen.insert(digest_of(values));
      if (second != first) flip(second);
      flip(first);
    }
  }
  EXPECT_EQ(seen.size(), 1u + 256 + 256 * 255 / 2);
}

TEST(TileDigest, SeesSwappedElementsAndLanes) {
  const std::vector<float> values = generated_floats(4, 120, 8, 40);
  std::set<std::string> seen = {digest_of(values)};
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      std::vector<float> swapped = values;
      std::swap(swapped[i], swapped[j]);
      EXPECT_TRUE(seen.insert(digest_of(swapped)).second) << "elements " << i << ", " << j;
    }
  }
  for (size_t i = 0; i < 10; ++i) {
    for (size_t j = 0; j < i; ++j) {
      std::vector<float> swapped = values;
      std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(4 * i),
                       swapped.begin() + static_cast<std::ptrdiff_t>(4 * i + 4),
                       swapped.begin() + static_cast<std::ptrdiff_t>(4 * j));
      EXPECT_TRUE(seen.insert(digest_of(swapped)).second) << "lanes " << i << ", " << j;
    }
  }
}

TEST(TileDigest, SeesTensorIdLengthAndType) {
  std::set<std::string> seen;
  for (uint64_t id = 0; id < 300; ++id) {
    for (size_t n = 0; n < 9; ++n) {
      EXPECT_TRUE(seen.insert(digest_of(std::vector<float>(n), id)).second) << id << ", " << n;
      EXPECT_TRUE(seen.insert(digest_of(std::vector<int64_t>(n), id)).second) << id << ", " << n;
    }
  }
}

TEST(TileDigest, TellsApartSparseTensorsOfLowEntropy) {
  // All 65,536 placements of ones among 16 zeros: both halves of the digest differ in every one.
  std::set<uint64_t> low, high;
  std::vector<float> values(16);
  for (uint32_t mask = 0; mask < 65536; ++mask) {
    for (size_t i = 0; i < 16; ++i) values[i] = (mask >> i & 1) != 0 ? 1.0f : 0.0f;
    const Digest128 digest = tile_digest(std::span<const float>(values), 0, SerialParallel());
    low.insert(digest.low);
    high.insert(digest.high);
  }
  EXPECT_EQ(low.size(), 65536u);
  EXPECT_EQ(high.size(), 65536u);
}

TEST(TileDigest, CountsAllNaNsAsOneAndSignedZerosAsTwo) {
  const auto with = [](uint32_t bits) {
    return digest_of(std::vector<float>{1.0f, float_from_bits(bits), 2.0f});
  };
  EXPECT_EQ(with(0x7fc00000u), with(0xffc00001u));
  EXPECT_EQ(with(0x7fc00000u), with(0x7f800001u));
  EXPECT_NE(with(0x7fc00000u), with(0x7f800000u));
  EXPECT_NE(with(0x00000000u), with(0x80000000u));
}

TEST(Digest128, PrintsAndMergesModuloTwoToThe128) {
  Digest128 sum{~uint64_t{0}, ~uint64_t{0}};
  EXPECT_EQ(sum.hex(), "ffffffffffffffffffffffffffffffff");
  sum.merge({2, 0});
  EXPECT_EQ(sum, (Digest128{1, 0}));
  EXPECT_EQ(sum.hex(), "00000000000000000000000000000001");
  sum.merge({~uint64_t{0}, 0x0123456789abcdefull});
  EXPECT_EQ(sum.hex(), "0123456789abcdf00000000000000000");
}

}  // namespace
}  // namespace reprotrain::kernels
