// SPDX-License-Identifier: Apache-2.0
// Which tiles a CUDA device cuts a matrix product into. A question of speed only: every plan gives
// the same bits.
//
// A large tile needs few loads for its fmas, a small one lets a small product occupy all
// multiprocessors. With more than one chain along K the chains may go to different thread blocks:
// each leaves its sums in a slab of the workspace, and a second kernel folds the slabs in ascending
// order, which is the order that one thread block would have used.
#pragma once

#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

/// Tiles of C by rows x columns. kEveryTileKind and ordered_matmul_cuda.cu list them in this order.
enum class TileKind { k256x128, k128x128, k64x64, k32x32, k16x32, k128x16, k16x128 };

inline constexpr TileKind kEveryTileKind[] = {
    TileKind::k256x128, TileKind::k128x128, TileKind::k64x64, TileKind::k32x32,
    TileKind::k16x32,   TileKind::k128x16,  TileKind::k16x128};

struct OrderedMatmulPlan {
  TileKind tile = TileKind::k128x128;
  /// Consecutive chains that one thread block computes.
  int64_t chains_per_split = 1;
  /// Parts along K; more than 1 needs the workspace.
  int64_t n_splits = 1;
};

/// The shape of a product, all that a plan depends on.
struct ProductShape {
  int64_t n_rows = 0;
  int64_t n_columns = 0;
  int64_t depth = 0;

  int64_t n_chains() const { return ceil_div(depth, kChainLength); }
};

/// The plan that should be fastest on a device with so many multiprocessors, within the workspace.
OrderedMatmulPlan plan_ordered_matmul(const ProductShape& shape, int n_multiprocessors,
                                      int64_t workspace_bytes);

/// Bytes that a plan needs; 0 for a plan without splits.
int64_t workspace_bytes_of(const OrderedMatmulPlan& plan, const ProductShape& shape);

}  // namespace reprotrain::kernels
