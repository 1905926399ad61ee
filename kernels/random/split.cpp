// SPDX-License-Identifier: Apache-2.0
#include "kernels/random/split.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/random/shuffle.h"
#include "kernels/random/streams.h"

namespace reprotrain::kernels {

namespace {

__extension__ using Wide = unsigned __int128;

/// Splits `total` over classes in proportion to their sizes.
std::vector<int64_t> largest_remainder(int64_t total, const std::vector<int64_t>& sizes) {
  const int64_t n = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  std::vector<int64_t> shares(sizes.size(), 0);
  if (n == 0) return shares;
  std::vector<std::pair<int64_t, size_t>> remainders;  // (-remainder, class): sorted as wanted
  int64_t left = total;
  for (size_t c = 0; c < sizes.size(); ++c) {
    const Wide product = static_cast<Wide>(total) * static_cast<Wide>(sizes[c]);
    shares[c] = static_cast<int64_t>(product / static_cast<Wide>(n));
    remainders.emplace_back(-static_cast<int64_t>(product % static_cast<Wide>(n)), c);
    left -= shares[c];
  }
  std::sort(remainders.begin(), remainders.end());
  for (size_t i = 0; i < static_cast<size_t>(left); ++i) ++shares[remainders[i].second];
  return shares;
}

std::vector<int64_t> shuffled_rows(size_t n_rows, uint64_t seed) {
  std::vector<int64_t> rows(n_rows);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  shuffle_indices({seed, stream_of(StreamPurpose::kSplit, 0), 0}, rows);
  return rows;
}

using Groups = std::vector<std::vector<int64_t>>;

/// Rows of each class in the order of the permutation.
Groups rows_of_classes(std::vector<int64_t> permutation, std::span<const int32_t> class_of_row) {
  Groups groups;
  if (class_of_row.empty()) {
    groups.push_back(std::move(permutation));
    return groups;
  }
  for (const int64_t row : permutation) {
    const auto code = static_cast<size_t>(class_of_row[static_cast<size_t>(row)]);
    if (code >= groups.size()) groups.resize(code + 1);
    groups[code].push_back(row);
  }
  return groups;
}

}  // namespace

int64_t rounded_share(int64_t n, double fraction) {
  const uint64_t bits = bits_of(fraction);
  const uint64_t significand = (bits & ((uint64_t{1} << 52) - 1)) | (uint64_t{1} << 52);
  const int shift = 1075 - static_cast<int>(bits >> 52);  // fraction = significand * 2^-shift
  // A fraction under 2^-64 (subnormal ones among them) has the share 0.
  if (fraction == 0.0 || shift > 117) return 0;
  const Wide product = Wide{significand} * static_cast<Wide>(n);
  return static_cast<int64_t>((product + (Wide{1} << (shift - 1))) >> shift);
}

void draw_parts(const PartSizes& sizes, std::span<const int32_t> class_of_row, uint64_t seed,
                std::span<RowPart> part_of_row) {
  const Groups groups = rows_of_classes(shuffled_rows(part_of_row.size(), seed), class_of_row);
  std::vector<int64_t> left;
  for (const auto& group : groups) left.push_back(static_cast<int64_t>(group.size()));
  const std::vector<int64_t> n_test = largest_remainder(sizes.n_test, left);
  for (size_t c = 0; c < left.size(); ++c) left[c] -= n_test[c];
  const std::vector<int64_t> n_validation = largest_remainder(sizes.n_validation, left);

  std::fill(part_of_row.begin(), part_of_row.end(), RowPart::kTrain);
  for (size_t c = 0; c < groups.size(); ++c) {
    const int64_t n_held_out = n_test[c] + n_validation[c];
    for (int64_t i = 0; i < n_held_out; ++i) {
      const int64_t row = groups[c][static_cast<size_t>(i)];
      part_of_row[static_cast<size_t>(row)] = i < n_test[c] ? RowPart::kTest : RowPart::kValidation;
    }
  }
}

}  // namespace reprotrain::kernels
