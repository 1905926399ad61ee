// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/philox_cuda.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/random/shuffle.h"
#include "kernels/random/shuffle_cuda.h"
#include "kernels/random/streams.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::for_each_schedule;
using testing::from_decimal;
using testing::from_hex;

RandomStream stream_in(const std::vector<std::string>& inputs) {
  return {from_hex(inputs[0]), static_cast<uint32_t>(from_hex(inputs[1])),
          static_cast<uint32_t>(from_decimal(inputs[2]))};
}

/// Indices up to which whole arrays are drawn here.
constexpr uint64_t kFewIndices = 1000;

TEST(PhiloxCuda, GivesTheOraclesWordsAndKeys) {
  int n_checked = 0;
  for (const auto& known : testing::known_answers("philox.kat", "word")) {
    const uint64_t index = from_decimal(known.inputs[3]);
    if (index >= kFewIndices) continue;
    DeviceArray<uint32_t> words(index + 1);
    random_words_cuda(stream_in(known.inputs), words.data(), words.size(), nullptr);
    EXPECT_EQ(words.values()[index], from_hex(known.outputs[0])) << known.line;
    ++n_checked;
  }
  for (const auto& known : testing::known_answers("philox.kat", "key")) {
    const uint64_t index = from_decimal(known.inputs[3]);
    if (index >= kFewIndices) continue;
    DeviceArray<uint64_t> keys(index + 1);
    random_keys_cuda(stream_in(known.inputs), keys.data(), keys.size(), nullptr);
    EXPECT_EQ(keys.values()[index], from_hex(known.outputs[0])) << known.line;
    ++n_checked;
  }
  EXPECT_GE(n_checked, 20);
}

TEST(PhiloxCuda, HasTheCpusNumbersAtEverySizeAndAlignment) {
  const RandomStream random{0x123456789abcdef0ull, 0x04000003u, 17};
  for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537}) {
    std::vector<uint32_t> words(n);
    std::vector<float> units(n);
    std::vector<uint64_t> keys(n);
    for (size_t i = 0; i < n; ++i) {
      words[i] = random_word(random, i);
      units[i] = random_unit(random, i);
      keys[i] = random_key(random, i);
    }
    for_each_schedule([&] {
      for (const size_t offset : {0, 1}) {
        DeviceArray<uint32_t> device_words(n, offset);
        DeviceArray<float> device_units(n, offset);
        DeviceArray<uint64_t> device_keys(n, offset);
        random_words_cuda(random, device_words.data(), device_words.size(), nullptr);
        random_units_cuda(random, device_units.data(), device_units.size(), nullptr);
        random_keys_cuda(random, device_keys.data(), device_keys.size(), nullptr);
        EXPECT_EQ(device_words.values(), words) << "n = " << n;
        EXPECT_EQ(device_units.values(), units) << "n = " << n;
        EXPECT_EQ(device_keys.values(), keys) << "n = " << n;
      }
    });
  }
}

std::vector<int64_t> shuffled_on_device(RandomStream random, const std::vector<int64_t>& items) {
  const DeviceArray<int64_t> device_items(items);
  DeviceArray<int64_t> shuffled(items.size());
  DeviceArray<unsigned char> work((shuffle_work_bytes(shuffled.size()) + 255) / 256 * 256);
  shuffle_indices_cuda(random, device_items.data(), shuffled.data(), shuffled.size(), work.data(),
                       nullptr);
  return shuffled.values();
}

TEST(ShuffleCuda, GivesTheOraclesOrder) {
  for (const auto& known : testing::known_answers("philox.kat", "shuffle")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    std::vector<int64_t> items(from_decimal(known.inputs[3])), expected;
    std::iota(items.begin(), items.end(), int64_t{0});
    for (const std::string& item : known.outputs) expected.push_back(std::stoll(item));
    for_each_schedule(
        [&] { EXPECT_EQ(shuffled_on_device(stream_in(known.inputs), items), expected); });
  }
}

TEST(ShuffleCuda, HasTheCpusOrderAtEverySize) {
  const RandomStream random{2024, stream_of(StreamPurpose::kEpochOrder, 0), 3};
  for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537}) {
    std::vector<int64_t> items(n);
    std::iota(items.begin(), items.end(), int64_t{1000});
    std::vector<int64_t> expected = items;
    shuffle_indices(random, expected);
    for_each_schedule(
        [&] { EXPECT_EQ(shuffled_on_device(random, items), expected) << "n = " << n; });
  }
}

}  // namespace
}  // namespace reprotrain::kernels
