// SPDX-License-Identifier: Apache-2.0
// Copies of patches, and of pixels back to where they belong: a thread copies neighbouring channels of one
// tap, four at a time where their number and their places allow it. Numbers are moved, never
// changed; outside of an image they are +0.
#include "kernels/conv/patches_cuda.h"

#include "kernels/base/quad_map_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;

/// Neighbouring channels, which a thread copies together; kWidth divides their number.
template <int kWidth>
struct ChannelRun {
  float value[kWidth] = {};

  __device__ void load(const float* from) {
    if constexpr (kWidth == 4) {
      load_quad(from, 0, 4, value);
    } else {
      value[0] = from[0];
    }
  }
  __device__ void store(float* to) const {
    if constexpr (kWidth == 4) {
      store_quad(to, 0, 4, value);
    } else {
      to[0] = value[0];
    }
  }
};

template <int kWidth>
__global__ void __launch_bounds__(kThreads)
    gather(const Patches patches, PatchRange range, float* target) {
  const int64_t runs_of_tap = patches.n_taken / kWidth;
  const int64_t runs_of_row = (range.tap_end - range.tap_begin) * runs_of_tap;
  const int64_t n_runs = (range.row_end - range.row_begin) * runs_of_row;
  for (int64_t i = thread_of_grid(); i < n_runs; i += threads_of_grid()) {
    const int64_t row = i / runs_of_row, of_row = i - row * runs_of_row;
    const int64_t tap = of_row / runs_of_tap, of_tap = of_row - tap * runs_of_tap;
    const float* pixel = patches.pixel(range.row_begin + row, range.tap_begin + tap);
    ChannelRun<kWidth> run;
    if (pixel != nullptr) run.load(pixel + of_tap * kWidth);
    run.store(target + i * kWidth);
  }
}

template <int kWidth>
__global__ void __launch_bounds__(kThreads)
    scatter(const PixelGrid grid, int64_t row_begin, int64_t n_rows, const float* source) {
  const int64_t runs_of_row = grid.n_taken / kWidth;
  for (int64_t i = thread_of_grid(); i < n_rows * runs_of_row; i += threads_of_grid()) {
    const int64_t row = i / runs_of_row, of_row = i - row * runs_of_row;
    ChannelRun<kWidth> run;
    run.load(source + i * kWidth);
    run.store(grid.pixel(row_begin + row) + of_row * kWidth);
  }
}

}  // namespace

void gather_patches_cuda(const Patches& patches, const PatchRange& range, float* target,
                         cudaStream_t stream) {
  const int64_t n_rows = range.row_end - range.row_begin;
  const int64_t n_taps = range.tap_end - range.tap_begin;
  const bool by_fours = patches.n_taken % 4 == 0;
  const int64_t n_runs = n_rows * n_taps * patches.n_taken / (by_fours ? 4 : 1);
  if (n_runs == 0) return;
  launch(by_fours ? gather<4> : gather<1>, {blocks_for(n_runs, kThreads), kThreads}, stream,
         patches, range, target);
}

void scatter_pixels_cuda(const PixelGrid& grid, int64_t row_begin, int64_t row_end,
                         const float* source, cudaStream_t stream) {
  const bool by_fours = grid.n_taken % 4 == 0;
  const int64_t n_runs = (row_end - row_begin) * grid.n_taken / (by_fours ? 4 : 1);
  if (n_runs == 0) return;
  launch(by_fours ? scatter<4> : scatter<1>, {blocks_for(n_runs, kThreads), kThreads}, stream, grid,
         row_begin, row_end - row_begin, source);
}

}  // namespace reprotrain::kernels
