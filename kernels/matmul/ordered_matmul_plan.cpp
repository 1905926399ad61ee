// SPDX-License-Identifier: Apache-2.0
// A cost model in cycles: coarse, but it ranks tiles as occupancy and loads do.
#include "kernels/matmul/ordered_matmul_plan.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/ceil_div.h"

namespace reprotrain::kernels {

namespace {

struct TileCost {
  TileKind kind;
  int64_t n_rows;
  int64_t n_columns;
  double efficiency;  ///< expected share of a full multiprocessor's fma rate
};

// 128 fma units a multiprocessor. The efficiency is expected, not measured, to fall with the fmas for
// each shared-memory load; counted, in this order: 21, 21, 11, 4, 2, 5, 8. Of the first two the larger
// reads less from memory.
constexpr TileCost kTileCosts[] = {
    {TileKind::k256x128, 256, 128, 0.93}, {TileKind::k128x128, 128, 128, 0.92},
    {TileKind::k64x64, 64, 64, 0.80},     {TileKind::k32x32, 32, 32, 0.50},
    {TileKind::k16x32, 16, 32, 0.30},     {TileKind::k128x16, 128, 16, 0.50},
    {TileKind::k16x128, 16, 128, 0.60},
};
constexpr double kFmaPerCycle = 128.0;
/// Least cycles for one k, however small the tile: latencies of fma and of memory.
constexpr double kCyclesPerStep = 16.0;
/// Cycles that a multiprocessor's share of the bandwidth takes to move a number of the workspace
/// out and back in.
constexpr double kCyclesPerSlabNumber = 0.6;

double cycles(const TileCost& tile, const OrderedMatmulPlan& plan, const ProductShape& shape,
              int n_multiprocessors) {
  const int64_t n_blocks = ceil_div(shape.n_rows, tile.n_rows) *
                           ceil_div(shape.n_columns, tile.n_columns) * plan.n_splits;
  const auto n_rounds = static_cast<double>(ceil_div(n_blocks, n_multiprocessors));
  const double cycles_per_step =
      static_cast<double>(tile.n_rows * tile.n_columns) / (kFmaPerCycle * tile.efficiency);
  const auto n_steps =
      static_cast<double>(std::min(shape.depth, plan.chains_per_split * kChainLength));
  const double product = n_steps * std::max(n_rounds * cycles_per_step, kCyclesPerStep);
  if (plan.n_splits == 1) return product;
  const double slabs = static_cast<double>(shape.n_rows) * static_cast<double>(shape.n_columns) *
                       static_cast<double>(shape.n_chains());
  return product + slabs * kCyclesPerSlabNumber / n_multiprocessors;
}

}  // namespace

int64_t workspace_bytes_of(const OrderedMatmulPlan& plan, const ProductShape& shape) {
  if (plan.n_splits == 1) return 0;
  return shape.n_chains() * shape.n_rows * shape.n_columns * static_cast<int64_t>(sizeof(float));
}

OrderedMatmulPlan plan_ordered_matmul(const ProductShape& shape, int n_multiprocessors,
                                      int64_t workspace_bytes) {
  const int64_t n_chains = std::max<int64_t>(1, shape.n_chains());
  OrderedMatmulPlan best;
  double best_cycles = 0.0;
  for (const TileCost& tile : kTileCosts) {
    int64_t last_per_split = 0;
    for (int64_t wanted = 1; wanted <= std::min<int64_t>(n_chains, 64); ++wanted) {
      OrderedMatmulPlan plan{tile.kind, ceil_div(n_chains, wanted), 1};
      if (plan.chains_per_split == last_per_split) continue;
      last_per_split = plan.chains_per_split;
      plan.n_splits = ceil_div(n_chains, plan.chains_per_split);
      if (workspace_bytes_of(plan, shape) > workspace_bytes) continue;
      const double own = cycles(tile, plan, shape, n_multiprocessors);
      if (best_cycles == 0.0 || own < best_cycles) {
        best = plan;
        best_cycles = own;
      }
    }
  }
  return best;
}

}  // namespace reprotrain::kernels
