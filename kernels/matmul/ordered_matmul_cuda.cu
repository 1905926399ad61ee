// SPDX-License-Identifier: Apache-2.0
// C = op(A) op(B) [+ bias] in the order of `fma32-v1-draft`, on a CUDA device.
//
//   for every element of C: chains of 1024 fmas along K from +0, folded from the left, then the bias
//   and the epilogue
//
// Why: 9/10 of a training step; at 4096 cubed 68.7 G fma over 200 MB of operands and result.
// One thread an element would read two numbers from memory for each fma. Each step below buys one
// thing; its figures are counted:
//   tile of a block      256 x 128 elements at most share what they read: 85 fmas a number from memory
//   panels in shared memory, two of each, the next one in flight while one is multiplied
//   tile of a thread     16 x 8 chains in registers: 21 fmas for every 16-byte shared-memory load
//   order of tiles       8 tile rows at a time walk along the columns, so panels stay in the L2 cache
//   chain end            C is read, added to and written by the thread that owns it
//   splits               the chains of few tiles go to idle multiprocessors, and are folded later
// Determinism: the order of operations of an element is fixed by K alone.
// See also: docs/arithmetic.md "Matrix products"; tile_grid_cuda.h, panel_pipeline_cuda.h,
// panel_loader_cuda.h, thread_tile_cuda.h and chain_fold_cuda.h for the steps above.
#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/exact_fma.h"
#include "kernels/matmul/chain_fold_cuda.h"
#include "kernels/matmul/epilogue_cuda.h"
#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/panel_pipeline_cuda.h"
#include "kernels/matmul/quad_rows_cuda.h"
#include "kernels/matmul/tile_grid_cuda.h"

namespace reprotrain::kernels {

namespace {

/// A product as the kernel sees it.
struct TileProblem {
  PanelOperand<float> a;
  PanelOperand<float> b;
  MatrixView c;
  const float* bias = nullptr;
  Epilogue epilogue;        ///< a simple one
  bool is_aligned = false;  ///< where chains go: C, or the slabs
  TileGrid grid;
  int64_t depth = 0;
  int64_t chain_begin = 0;  ///< where the first split of this launch begins
  int64_t chains_per_split = 1;
  float* slabs = nullptr;  ///< one C for each chain, or none without splits
};

/// Where chain number `chain` of a tile goes.
template <typename Tile>
__device__ ChainTarget target_of(const TileProblem& problem, const TilePlace& block,
                                 int64_t chain) {
  const int64_t row = int64_t{block.row_tile} * Tile::kRows;
  const int64_t column = int64_t{block.column_tile} * Tile::kColumns;
  const MatrixView& c = problem.c;
  ChainTarget target;
  target.n_rows = static_cast<int>(min(c.n_rows - row, int64_t{INT32_MAX}));
  target.n_columns = static_cast<int>(min(c.n_columns - column, int64_t{INT32_MAX}));
  target.is_aligned = problem.is_aligned;
  if (problem.slabs != nullptr) {
    target.stride = c.n_columns;
    target.data = problem.slabs + (chain * c.n_rows + row) * c.n_columns + column;
    return target;
  }
  target.stride = c.row_stride;
  target.data = c.row(row) + column;
  target.is_first = chain == 0;
  const bool is_last = (chain + 1) * kChainLength >= problem.depth;
  if (is_last && problem.bias != nullptr) target.bias = problem.bias + column;
  return target;
}

struct FmaStep {
  __device__ float operator()(float a, float b, float sum) const { return exact_fma(a, b, sum); }
};

template <typename Tile, bool kTransposeA, bool kTransposeB>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocksPerMultiprocessor)
    ordered_tile_kernel(const TileProblem problem) {
  using Pipeline = PanelPipeline<float, Tile, !kTransposeA, kTransposeB>;
  alignas(16) __shared__ typename Pipeline::Panels panels;
  static_assert(kChainLength % Tile::kDepth == 0, "a panel must not straddle two chains");
  constexpr int kPanelsOfChain = static_cast<int>(kChainLength) / Tile::kDepth;

  const TilePlace block(problem.grid);
  int64_t chain = problem.chain_begin + block.split * problem.chains_per_split;
  const int64_t k_begin = chain * kChainLength;
  // The last splits of the last launch may begin beyond K: they have no terms and write nothing.
  const int64_t terms_left = max(problem.depth - k_begin, int64_t{0});
  const int n_terms = static_cast<int>(min(terms_left, problem.chains_per_split * kChainLength));
  const int n_panels = ceil_div(n_terms, Tile::kDepth);
  Pipeline pipeline{{problem.a, {block.row_tile, k_begin, n_terms}, -0.0f},
                    {problem.b, {block.column_tile, k_begin, n_terms}, 0.0f},
                    panels,
                    n_panels};
  pipeline.start();
  const ThreadPlace<Tile> place;
  ThreadTile<float, Tile> chains;
  for (; pipeline.next < n_panels; ++chain) {
    chains.start();
    pipeline.advance(min(pipeline.next + kPanelsOfChain, n_panels), place, chains, FmaStep());
    fold_chains(chains, place, target_of<Tile>(problem, block, chain));
  }
  const bool is_complete = n_terms > 0 && chain * kChainLength >= problem.depth;
  if (problem.epilogue.kind == Epilogue::Kind::kNone || problem.slabs != nullptr || !is_complete) {
    return;
  }
  finish_elements(problem.epilogue, place, target_of<Tile>(problem, block, 0),
                  int64_t{block.row_tile} * Tile::kRows,
                  int64_t{block.column_tile} * Tile::kColumns);
}

/// C = slab 0 + slab 1 + ... [+ bias], from the left, and the epilogue; +0 [+ bias] without slabs. A
/// thread takes four neighbouring elements of a row.
__global__ void __launch_bounds__(256)
    fold_slabs_kernel(MatrixView c, const float* bias, const float* slabs, int64_t n_slabs,
                      const Epilogue epilogue) {
  const int64_t slab_size = c.n_rows * c.n_columns;
  for_each_quad_of_rows(c.n_rows, c.n_columns, [&](int64_t row, int64_t column, int n) {
    float totals[4] = {};
    for (int64_t slab = 0; slab < n_slabs; ++slab) {
      float sums[4];
      load_quad(slabs + slab * slab_size + row * c.n_columns + column, 0, n, sums);
#pragma unroll
      for (int e = 0; e < 4; ++e) totals[e] = slab == 0 ? sums[e] : totals[e] + sums[e];
    }
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (bias != nullptr && e < n) totals[e] = totals[e] + bias[column + e];
    }
    finish_quad(epilogue, row, column, n, totals);
    store_quad(c.row(row) + column, 0, n, totals);
  });
}

bool is_aligned(const float* data, int64_t stride) {
  return reinterpret_cast<uintptr_t>(data) % 16 == 0 && stride % 4 == 0;
}

PanelOperand<float> panel_operand(const ConstMatrixView& matrix, int64_t n_x) {
  return {matrix.data, matrix.row_stride, n_x, is_aligned(matrix.data, matrix.row_stride)};
}

/// Chains that one launch may give to a block: 2^30 terms, so that counts of them fit 32 bits.
constexpr int64_t kMostChainsOfBlock = int64_t{1} << 20;

template <typename Tile>
auto kernel_for(const MatrixProduct& product) {
  if (product.transpose_a) {
    return product.transpose_b ? ordered_tile_kernel<Tile, true, true>
                               : ordered_tile_kernel<Tile, true, false>;
  }
  return product.transpose_b ? ordered_tile_kernel<Tile, false, true>
                             : ordered_tile_kernel<Tile, false, false>;
}

template <typename Tile>
void launch_tiles(const MatrixProduct& product, const OrderedMatmulPlan& plan, float* slabs,
                  cudaStream_t stream) {
  const int64_t n_row_tiles = ceil_div(product.c.n_rows, Tile::kRows);
  const int64_t n_column_tiles = ceil_div(product.c.n_columns, Tile::kColumns);
  const int64_t n_blocks = n_row_tiles * n_column_tiles * plan.n_splits;
  check_cuda(n_blocks <= INT32_MAX ? cudaSuccess : cudaErrorInvalidConfiguration,
             "ordered_matmul_cuda: tiles of the product");
  TileProblem problem;
  problem.a = panel_operand(product.a, product.c.n_rows);
  problem.b = panel_operand(product.b, product.c.n_columns);
  problem.c = product.c;
  problem.bias = product.bias;
  problem.epilogue = product.epilogue;
  problem.is_aligned = slabs == nullptr ? is_aligned(product.c.data, product.c.row_stride)
                                        : is_aligned(slabs, product.c.n_columns);
  problem.grid = {static_cast<int>(n_row_tiles), static_cast<int>(n_column_tiles)};
  problem.depth = product.depth();
  problem.chains_per_split = std::min(plan.chains_per_split, kMostChainsOfBlock);
  problem.slabs = slabs;
  const int64_t chains_of_launch = problem.chains_per_split * plan.n_splits;
  const LaunchShape shape{dim3(static_cast<unsigned>(n_blocks)), dim3(Tile::kThreads)};
  while (problem.chain_begin * kChainLength < problem.depth) {
    launch(kernel_for<Tile>(product), shape, stream, problem);
    problem.chain_begin += chains_of_launch;
  }
}

void launch_fold(const MatrixProduct& product, const float* slabs, int64_t n_slabs,
                 cudaStream_t stream) {
  constexpr int kThreads = 256;
  const int64_t n_quads = product.c.n_rows * quads_of_row(product.c.n_columns);
  const int64_t n_blocks = ceil_div(n_quads, kThreads);
  const LaunchShape shape{dim3(static_cast<unsigned>(std::min<int64_t>(n_blocks, 1 << 16))),
                          dim3(kThreads)};
  launch(fold_slabs_kernel, shape, stream, product.c, product.bias, slabs, n_slabs,
         product.epilogue);
}

void launch_plan(const MatrixProduct& product, const OrderedMatmulPlan& plan, float* slabs,
                 cudaStream_t stream) {
  //                    rows columns depth, thread's rows columns, blocks a multiprocessor
  using Tile256x128 = TileShape<256, 128, 8, 16, 8, 1>;
  using Tile128x128 = TileShape<128, 128, 8, 16, 8, 2>;
  using Tile64x64 = TileShape<64, 64, 16, 8, 4, 4>;
  using Tile32x32 = TileShape<32, 32, 32, 2, 4, 5>;
  using Tile16x32 = TileShape<16, 32, 32, 2, 2, 7>;
  using Tile128x16 = TileShape<128, 16, 32, 8, 2, 3>;
  using Tile16x128 = TileShape<16, 128, 32, 4, 4, 3>;
  switch (plan.tile) {
    case TileKind::k256x128:
      return launch_tiles<Tile256x128>(product, plan, slabs, stream);
    case TileKind::k128x128:
      return launch_tiles<Tile128x128>(product, plan, slabs, stream);
    case TileKind::k64x64:
      return launch_tiles<Tile64x64>(product, plan, slabs, stream);
    case TileKind::k32x32:
      return launch_tiles<Tile32x32>(product, plan, slabs, stream);
    case TileKind::k16x32:
      return launch_tiles<Tile16x32>(product, plan, slabs, stream);
    case TileKind::k128x16:
      return launch_tiles<Tile128x16>(product, plan, slabs, stream);
    case TileKind::k16x128:
      return launch_tiles<Tile16x128>(product, plan, slabs, stream);
  }
}

}  // namespace

void ordered_matmul_cuda(const MatrixProduct& product, const OrderedMatmulPlan& plan,
                         const MatmulWorkspace& workspace, cudaStream_t stream) {
  require_product(product);
  if (!is_simple(product.epilogue)) {
    MatrixProduct without = product;
    without.epilogue = {};
    ordered_matmul_cuda(without, plan, workspace, stream);
    return finish_matrix_cuda(product.epilogue, product.c, stream);
  }
  const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
  if (shape.n_rows == 0 || shape.n_columns == 0) return;
  if (shape.depth == 0) return launch_fold(product, nullptr, 0, stream);
  if (plan.n_splits == 1) return launch_plan(product, plan, nullptr, stream);
  const bool suffices = workspace.size_bytes >= workspace_bytes_of(plan, shape);
  check_cuda(suffices ? cudaSuccess : cudaErrorMemoryAllocation, "ordered_matmul_cuda: workspace");
  launch_plan(product, plan, workspace.data, stream);
  launch_fold(product, workspace.data, shape.n_chains(), stream);
}

}  // namespace reprotrain::kernels
