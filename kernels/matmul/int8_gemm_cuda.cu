// SPDX-License-Identifier: Apache-2.0
// c[i][j] = sum over k of a[i][k] * b[j][k], int8 in, int32 out.
//
// The tiles, panels and pipeline of ordered_matmul_cuda.cu with another step: a word holds four values of
// k, and one dp4a multiplies and adds all four.
// Why: devices without cuBLASLt; the twin that its results are compared with.
// Requires: see Int8Product. Determinism: exact.
#include "kernels/matmul/int8_gemm_cuda.h"

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/matmul/panel_pipeline_cuda.h"
#include "kernels/matmul/tile_grid_cuda.h"

namespace reprotrain::kernels {

namespace {

/// A product in words of four int8.
struct WordProblem {
  PanelOperand<int32_t> a;
  PanelOperand<int32_t> b;
  int32_t* c = nullptr;
  int64_t c_stride = 0;
  TileGrid grid;
  int n_words = 0;
};

struct Dp4aStep {
  __device__ int32_t operator()(int32_t a, int32_t b, int32_t sum) const {
    return __dp4a(a, b, sum);
  }
};

/// n_columns is a multiple of 16, so a group of columns exists as a whole or not at all.
template <typename Tile>
__device__ void store_sums(const ThreadTile<int32_t, Tile>& tile, const WordProblem& problem,
                           const TilePlace& block) {
  const ThreadPlace<Tile> place;
  const int64_t row_begin = int64_t{block.row_tile} * Tile::kRows;
  const int64_t column_begin = int64_t{block.column_tile} * Tile::kColumns;
#pragma unroll
  for (int i = 0; i < Tile::kThreadRows; ++i) {
    const int64_t row = row_begin + place.row(i);
    if (row >= problem.a.n_x) continue;
#pragma unroll
    for (int j = 0; j < Tile::kThreadColumns; j += Tile::kColumnGroup) {
      const int64_t column = column_begin + place.column(j);
      if (column >= problem.b.n_x) continue;
      write_group<Tile::kColumnGroup>(tile.sums[i] + j,
                                      problem.c + row * problem.c_stride + column);
    }
  }
}

template <typename Tile>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocksPerMultiprocessor)
    int8_tile_kernel(const WordProblem problem) {
  using Pipeline = PanelPipeline<int32_t, Tile, true, true>;
  alignas(16) __shared__ typename Pipeline::Panels panels;
  const TilePlace block(problem.grid);
  const int n_panels = ceil_div(problem.n_words, Tile::kDepth);
  Pipeline pipeline{{problem.a, {block.row_tile, 0, problem.n_words}, 0},
                    {problem.b, {block.column_tile, 0, problem.n_words}, 0},
                    panels,
                    n_panels};
  pipeline.start();
  ThreadTile<int32_t, Tile> tile;
  tile.start();
  pipeline.advance(n_panels, ThreadPlace<Tile>(), tile, Dp4aStep());
  store_sums(tile, problem, block);
}

bool is_multiple_of_16(const void* pointer, int64_t stride_bytes) {
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0 && stride_bytes % 16 == 0;
}

bool meets_requirements(const Int8Product& product) {
  return is_multiple_of_16(product.a, product.a_stride) &&
         is_multiple_of_16(product.b, product.b_stride) &&
         is_multiple_of_16(product.c, product.c_stride * 4) && product.depth % 16 == 0 &&
         product.n_columns % 16 == 0 && product.depth <= kMaxInt8Depth;
}

PanelOperand<int32_t> words(const int8_t* data, int64_t stride, int64_t n) {
  return {reinterpret_cast<const int32_t*>(data), stride / 4, n, true};
}

template <typename Tile>
void launch_tiles(const Int8Product& product, cudaStream_t stream) {
  const int64_t n_row_tiles = ceil_div(product.n_rows, Tile::kRows);
  const int64_t n_column_tiles = ceil_div(product.n_columns, Tile::kColumns);
  const int64_t n_blocks = n_row_tiles * n_column_tiles;
  check_cuda(n_blocks <= INT32_MAX ? cudaSuccess : cudaErrorInvalidConfiguration,
             "TiledInt8Gemm: tiles of the product");
  WordProblem problem;
  problem.a = words(product.a, product.a_stride, product.n_rows);
  problem.b = words(product.b, product.b_stride, product.n_columns);
  problem.c = product.c;
  problem.c_stride = product.c_stride;
  problem.grid = {static_cast<int>(n_row_tiles), static_cast<int>(n_column_tiles)};
  problem.n_words = static_cast<int>(product.depth / 4);
  const LaunchShape shape{dim3(static_cast<unsigned>(n_blocks)), dim3(Tile::kThreads)};
  launch(int8_tile_kernel<Tile>, shape, stream, problem);
}

}  // namespace

void TiledInt8Gemm::run(const Int8Product& product, cudaStream_t stream) const {
  require(meets_requirements(product),
          "integer product: an address, a stride or a size that Int8Product does not allow");
  if (product.n_rows == 0 || product.n_columns == 0) return;
  using LargeTile = TileShape<128, 128, 8, 16, 8, 2>;
  using SmallTile = TileShape<32, 32, 32, 2, 4, 5>;
  constexpr int64_t kWorthLargeTiles = int64_t{1} << 20;  // elements: 64 large tiles
  if (product.n_rows * product.n_columns >= kWorthLargeTiles) {
    launch_tiles<LargeTile>(product, stream);
  } else {
    launch_tiles<SmallTile>(product, stream);
  }
}

}  // namespace reprotrain::kernels
