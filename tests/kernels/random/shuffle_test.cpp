// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/shuffle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/random/streams.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::from_decimal;
using testing::from_hex;

std::vector<int64_t> counting(size_t n, int64_t first = 0) {
  std::vector<int64_t> items(n);
  std::iota(items.begin(), items.end(), first);
  return items;
}

/// The definition, with a library sort.
std::vector<int64_t> sorted_by_definition(RandomStream stream, const std::vector<int64_t>& items) {
  std::vector<std::pair<uint64_t, size_t>> ranks;
  for (size_t i = 0; i < items.size(); ++i) ranks.emplace_back(random_key(stream, i), i);
  std::sort(ranks.begin(), ranks.end());
  std::vector<int64_t> result;
  for (const auto& [key, position] : ranks) result.push_back(items[position]);
  return result;
}

TEST(Shuffle, GivesTheOraclesOrder) {
  for (const auto& known : testing::known_answers("philox.kat", "shuffle")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    std::vector<int64_t> items = counting(from_decimal(known.inputs[3]));
    shuffle_indices({from_hex(known.inputs[0]), static_cast<uint32_t>(from_hex(known.inputs[1])),
                     static_cast<uint32_t>(from_decimal(known.inputs[2]))},
                    items);
    ASSERT_EQ(items.size(), known.outputs.size());
    for (size_t i = 0; i < items.size(); ++i) {
      EXPECT_EQ(items[i], static_cast<int64_t>(from_decimal(known.outputs[i])));
    }
  }
}

TEST(Shuffle, IsTheSortByKeyAndPositionAtEverySize) {
  for (const size_t n : std::initializer_list<size_t>{0, 1, 2, 3, 31, 32, 33, 255, 256, 257, 1023,
                                                      1025, 60000, 65537}) {
    for (uint32_t step = 0; step < 3; ++step) {
      const RandomStream stream{2024, stream_of(StreamPurpose::kEpochOrder, 0), step};
      const std::vector<int64_t> items = counting(n, 1000);
      std::vector<int64_t> shuffled = items;
      shuffle_indices(stream, shuffled);
      EXPECT_EQ(shuffled, sorted_by_definition(stream, items)) << "n " << n << ", step " << step;
    }
  }
}

TEST(Shuffle, MovesItemsWhateverTheyAre) {
  const RandomStream stream{1, 2, 3};
  std::vector<int64_t> items = {7, 7, -1, 5, 7, int64_t{1} << 60};
  std::vector<int64_t> expected = sorted_by_definition(stream, items);
  shuffle_indices(stream, items);
  EXPECT_EQ(items, expected);
}

TEST(Shuffle, SendsEveryItemToEveryPlaceAboutEquallyOften) {
  constexpr int kItems = 8, kRounds = 1 << 14;
  int counts[kItems][kItems] = {};
  for (uint32_t step = 0; step < kRounds; ++step) {
    std::vector<int64_t> items = counting(kItems);
    shuffle_indices({77, stream_of(StreamPurpose::kEpochOrder, 0), step}, items);
    for (int place = 0; place < kItems; ++place) ++counts[items[static_cast<size_t>(place)]][place];
  }
  // Expected 2048 each, standard deviation 42.
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kRounds / kItems, 5 * 42.4);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
