// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exact_sum.h"

#include <algorithm>
#include <mutex>

#include "kernels/reduce/exponent_bins.h"
#include "kernels/reduce/grid_tile.h"

namespace reprotrain::kernels {
namespace {

constexpr int64_t kGrain = int64_t{1} << 13;  // terms worth a task of their own
// 16 KiB: read twice from the first-level cache.
constexpr size_t kTileTerms = kTileColumns * 512;
// Terms far apart come in runs: after one tile of them, as many go into bins unseen.
constexpr size_t kRunTerms = kBinnedTerms;
constexpr size_t kFewestBinned = 1024;  // that repay clearing and collecting bins

template <TileTerms kTerms>
struct Terms;

template <>
struct Terms<TileTerms::kValues> {
  using Bins = ValueBins;
  static const GridSums& sums_of(const GridTile& tile) { return tile.values; }
  static void add_term(float x, ExactSum& sum) { sum.add(x); }
};

template <>
struct Terms<TileTerms::kSquares> {
  using Bins = SquareBins;
  static const GridSums& sums_of(const GridTile& tile) { return tile.squares; }
  static void add_term(float x, ExactSum& sum) { sum.add_product(x, x); }
};

template <TileTerms kTerms>
void add_far_apart(std::span<const float> terms, ExactSum& sum) {
  if (terms.size() < kFewestBinned) {
    for (const float x : terms) Terms<kTerms>::add_term(x, sum);
    return;
  }
  typename Terms<kTerms>::Bins bins;
  bins.add(terms.data(), 1, static_cast<int64_t>(terms.size()));
  bins.collect(sum);
}

/// A span is a tile of eight interleaved columns.
template <TileTerms kTerms>
void add_tiles(std::span<const float> terms, ExactSum& sum) {
  while (terms.size() >= kTileColumns) {
    const size_t n_rows = std::min(terms.size(), kTileTerms) / kTileColumns;
    const GridTile tile =
        sum_interleaved(kTerms, {terms.data(), kTileColumns, static_cast<int64_t>(n_rows)});
    size_t n_done = n_rows * kTileColumns;
    if (tile.all_exact) {
      add_interleaved(Terms<kTerms>::sums_of(tile), sum);
    } else {
      n_done = std::min(terms.size(), kRunTerms);
      add_far_apart<kTerms>(terms.first(n_done), sum);
    }
    terms = terms.subspan(n_done);
  }
  for (const float x : terms) Terms<kTerms>::add_term(x, sum);
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
  add_tiles<TileTerms::kValues>(terms, sum);
}

void add_squares(std::span<const float> terms, ExactSum& sum) {
  add_tiles<TileTerms::kSquares>(terms, sum);
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

double exact_norm(std::span<const float> terms, const Parallel& parallel) {
  return __builtin_sqrt(exact_sum_of_squares(terms, parallel));
}

}  // namespace reprotrain::kernels
