// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exact_sum.h"

#include <algorithm>
#include <mutex>

#include "kernels/reduce/sliced_tile.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kGrain = int64_t{1} << 15;  // terms worth a task of their own

void add_one_by_one(TileTerm term, std::span<const float> terms, ExactSum& sum) {
  for (const float x : terms) {
    if (term == TileTerm::kValue) {
      sum.add(x);
    } else {
      sum.add_product(x, x);
    }
  }
}

/// A span is a tile of eight interleaved columns, whose sums are added up.
void add_tiles(TileTerm term, std::span<const float> terms, ExactSum& sum) {
  // 16 KiB: read twice from the first-level cache.
  constexpr size_t kTileTerms = kTileColumns * 512;
  while (terms.size() >= kTileColumns) {
    const size_t n_rows = std::min(terms.size(), kTileTerms) / kTileColumns;
    const std::span<const float> part = terms.first(n_rows * kTileColumns);
    terms = terms.subspan(part.size());
    const SlicedTile tile = sum_tile(term, part.data(), kTileColumns, static_cast<int64_t>(n_rows));
    if (!tile.all_exact) {
      add_one_by_one(term, part, sum);
      continue;
    }
    for (int c = 0; c < kTileColumns; ++c) tile.add_slices(c, sum);
  }
  add_one_by_one(term, terms, sum);
}

/// Sums pieces of the span wherever `parallel` likes and merges them: exact, so order-free.
template <typename Sum, typename Value, typename AddPiece>
double sum_of_pieces(std::span<const Value> terms, const Parallel& parallel, AddPiece add_piece) {
  Sum total;
  std::mutex merging;
  parallel.for_ranges(static_cast<int64_t>(terms.size()), kGrain, [&](int64_t begin, int64_t end) {
    Sum piece;
    add_piece(terms.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)), piece);
    const std::lock_guard lock(merging);
    total.merge(piece);
  });
  return total.to_double();
}

}  // namespace

void add_terms(std::span<const float> terms, ExactSum& sum) {
  add_tiles(TileTerm::kValue, terms, sum);
}

void add_squares(std::span<const float> terms, ExactSum& sum) {
  add_tiles(TileTerm::kSquare, terms, sum);
}

double exact_sum(std::span<const float> terms, const Parallel& parallel) {
  return sum_of_pieces<ExactSum>(terms, parallel, add_terms);
}

double exact_sum(std::span<const double> terms, const Parallel& parallel) {
  return sum_of_pieces<ExactSum64>(terms, parallel,
                                   [](std::span<const double> piece, ExactSum64& sum) {
                                     for (const double x : piece) sum.add(x);
                                   });
}

double exact_sum_of_squares(std::span<const float> terms, const Parallel& parallel) {
  return sum_of_pieces<ExactSum>(terms, parallel, add_squares);
}

}  // namespace reprotrain::kernels
