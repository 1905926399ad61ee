// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/shuffle.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

namespace reprotrain::kernels {
namespace {

struct KeyedItem {
  uint64_t key;
  int64_t item;
};

std::vector<KeyedItem> draw_keys(RandomStream stream, std::span<const int64_t> items) {
  std::vector<KeyedItem> keyed(items.size());
  for (size_t i = 0; i < items.size(); i += 2) {
    const PhiloxBlock block = random_block(stream, i / 2);
    keyed[i] = {block.word[0] | uint64_t{block.word[1]} << 32, items[i]};
    if (i + 1 < items.size()) {
      keyed[i + 1] = {block.word[2] | uint64_t{block.word[3]} << 32, items[i + 1]};
    }
  }
  return keyed;
}

/// Stable; buckets hold a handful of items.
void insertion_sort(std::span<KeyedItem> bucket) {
  for (size_t i = 1; i < bucket.size(); ++i) {
    const KeyedItem moving = bucket[i];
    size_t place = i;
    for (; place > 0 && bucket[place - 1].key > moving.key; --place) {
      bucket[place] = bucket[place - 1];
    }
    bucket[place] = moving;
  }
}

/// Keys are uniform, so one stable counting pass over their leading bits leaves buckets of two to
/// four items on average, each of which an insertion sort (stable too) finishes: linear time.
std::vector<KeyedItem> sorted_by_key(const std::vector<KeyedItem>& keyed) {
  const int n_bits = std::max(1, static_cast<int>(std::bit_width(keyed.size())) - 2);
  const int shift = 64 - n_bits;
  std::vector<size_t> bucket_end((size_t{1} << n_bits) + 1, 0);
  for (const KeyedItem& entry : keyed) ++bucket_end[(entry.key >> shift) + 1];
  for (size_t b = 1; b < bucket_end.size(); ++b) bucket_end[b] += bucket_end[b - 1];

  // Entry b now counts the items before bucket b; filling moves it to the bucket's end.
  std::vector<KeyedItem> sorted(keyed.size());
  for (const KeyedItem& entry : keyed) sorted[bucket_end[entry.key >> shift]++] = entry;
  size_t begin = 0;
  for (size_t b = 0; b + 1 < bucket_end.size(); ++b) {
    insertion_sort(std::span(sorted).subspan(begin, bucket_end[b] - begin));
    begin = bucket_end[b];
  }
  return sorted;
}

}  // namespace

void shuffle_indices(RandomStream stream, std::span<int64_t> indices) {
  if (indices.size() < 2) return;
  const std::vector<KeyedItem> sorted = sorted_by_key(draw_keys(stream, indices));
  for (size_t rank = 0; rank < sorted.size(); ++rank) indices[rank] = sorted[rank].item;
}

}  // namespace reprotrain::kernels
