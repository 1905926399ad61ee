// SPDX-License-Identifier: Apache-2.0
//   for each range of tiles of the gradient                                        (parallel)
//     for each chain of 1024 pixels
//       make the lines readable that the windows of these pixels reach, list where each window begins
//       for each group: pack its delta
//         gradient = sums over the chain in the first chain, gradient + sums after it
#include "kernels/conv/line_weight_gradient.h"

#include <algorithm>
#include <vector>

#include "kernels/base/ceil_div.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/conv/patch_lines.h"
#include "kernels/matmul/line_product.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

namespace {

/// Taller than every tile, so that the kernel is chosen by the columns.
constexpr int64_t kManyRows = 64;

PatchLines lines_of(const ConvolutionWeightGradient& pass) {
  const Convolution& c = pass.convolution;
  return PatchLines(windows_of(pass.images, c, 0, c.group_in()));
}

/// With more channels a chain's pixels lie too far apart for a first-level cache, and patches are long
/// runs, cheap to copy.
constexpr int64_t kMostCloseChannels = 32;

/// Rows of the gradient whose factors are adjacent in an image: some taps, or one.
int64_t rows_of_run(const Convolution& c) {
  const bool taps_touch = c.x.dilation == 1 && c.n_groups == 1;
  return (taps_touch ? c.x.kernel : 1) * c.group_in();
}

/// Lines that the windows of a chain touch at most.
int64_t most_lines(const Convolution& c) { return (kChainLength - 1) / c.x.n_windows() + 2; }

/// Neighbouring rows of the gradient that a tile takes.
struct GradientTile {
  int64_t group;
  int64_t tap;      ///< the first one
  int64_t channel;  ///< or number of the run, from the tap's channel 0 on
  int64_t n_rows;
};

/// All tiles, numbered so that those of a group and of equal height are neighbours.
class GradientTiles {
 public:
  GradientTiles(const Convolution& c, int64_t most_rows)
      : run_rows_(rows_of_run(c)),
        taps_of_run_(run_rows_ / c.group_in()),
        n_runs_(c.n_taps() / taps_of_run_),
        tiles_of_run_(ceil_div(run_rows_, most_rows)),
        height_(run_rows_ / tiles_of_run_),
        n_higher_(run_rows_ % tiles_of_run_),
        count_(c.n_groups * n_runs_ * tiles_of_run_) {}

  int64_t count() const { return count_; }
  GradientTile operator[](int64_t index) const {
    const int64_t of_group = n_runs_ * tiles_of_run_;
    const int64_t group = index / of_group, i = index % of_group;
    const int64_t all_higher = n_runs_ * n_higher_;
    if (i < all_higher) {
      return {group, i / n_higher_ * taps_of_run_, i % n_higher_ * (height_ + 1), height_ + 1};
    }
    const int64_t n_lower = tiles_of_run_ - n_higher_, j = i - all_higher;
    return {group, j / n_lower * taps_of_run_, n_higher_ * (height_ + 1) + j % n_lower * height_,
            height_};
  }

 private:
  int64_t run_rows_, taps_of_run_, n_runs_, tiles_of_run_, height_, n_higher_, count_;
};

/// Work space of a thread.
struct ChainMemory {
  WorkSpace images;
  WorkSpace delta;
  std::vector<const float*> lines;
  std::vector<int64_t> offsets;
  std::vector<const float*> factors;
  std::vector<float*> targets;
};

class LineWeightGradient {
 public:
  explicit LineWeightGradient(const ConvolutionWeightGradient& pass)
      : pass_(pass),
        c_(pass.convolution),
        patches_(lines_of(pass)),
        kernel_(tile_kernel_for(kManyRows, c_.group_out())),
        tiles_(c_, kernel_.max_rows),
        n_pixels_(pass.images.n_rows * c_.n_windows()) {}

  void run(const Parallel& parallel) const {
    const int64_t fair = tiles_.count() / parallel.n_threads();
    const int64_t work = chunk_grain(n_pixels_, kernel_.max_rows, c_.group_out());
    parallel.for_ranges(tiles_.count(), std::max(fair, work),
                        [&](int64_t begin, int64_t end) { run_tiles(begin, end); });
  }

 private:
  void run_tiles(int64_t begin, int64_t end) const {
    const int64_t depth = std::min(kChainLength, n_pixels_);
    ChainMemory memory{WorkSpace(patches_.copy_size(std::min(most_lines(c_), patches_.n_lines()))),
                       WorkSpace(packed_factor_size(kernel_, depth, c_.group_out())),
                       std::vector<const float*>(static_cast<size_t>(most_lines(c_))),
                       {},
                       {},
                       {}};
    for (int64_t pixel = 0; pixel < n_pixels_; pixel += kChainLength) {
      const int64_t pixel_end = std::min(pixel + kChainLength, n_pixels_);
      list_pixels(pixel, pixel_end, memory);
      for (int64_t tile = begin; tile < end;) tile = add_chain(pixel, tile, end, memory);
    }
  }

  /// Where the windows of pixels begin, from the first line of their lines on.
  void list_pixels(int64_t pixel, int64_t pixel_end, ChainMemory& memory) const {
    const int64_t n_x = c_.x.n_windows();
    const int64_t line = pixel / n_x;
    patches_.place(line, ceil_div(pixel_end, n_x), memory.images.data(), memory.lines.data());
    memory.offsets.clear();
    for (int64_t i = pixel; i < pixel_end;) {
      const int64_t of_pixel = i / n_x, x = i - of_pixel * n_x;
      const int64_t n = std::min(n_x - x, pixel_end - i);
      const int64_t first = memory.lines[static_cast<size_t>(of_pixel - line)] - memory.lines[0] +
                            x * patches_.step();
      for (int64_t j = 0; j < n; ++j) memory.offsets.push_back(first + j * patches_.step());
      i += n;
    }
  }

  /// The tiles of one group and height from `tile` on; returns the one after them.
  int64_t add_chain(int64_t pixel, int64_t tile, int64_t end, ChainMemory& memory) const {
    const GradientTile first = tiles_[tile];
    memory.factors.clear();
    memory.targets.clear();
    for (; tile < end; ++tile) {
      const GradientTile t = tiles_[tile];
      if (t.group != first.group || t.n_rows != first.n_rows) break;
      const int64_t ty = t.tap / c_.x.kernel, tx = t.tap % c_.x.kernel;
      memory.factors.push_back(memory.lines[0] + patches_.tap_offset(ty, tx) +
                               t.group * c_.group_in() + t.channel);
      memory.targets.push_back(pass_.weight_gradient.row(t.tap * c_.group_in() + t.channel) +
                               t.group * c_.group_out());
    }
    LineProduct product;
    product.a_lines = memory.factors;
    product.a_row_stride = 1;
    product.term_offsets = memory.offsets;
    product.b = packed_delta(pixel, static_cast<int64_t>(memory.offsets.size()), first.group,
                             memory.delta.data());
    product.c_lines = memory.targets;
    product.c_row_stride = pass_.weight_gradient.row_stride;
    product.n_rows = first.n_rows;
    product.folds = pixel > 0;
    multiply_lines(kernel_, product);
    return tile;
  }

  PackedFactor packed_delta(int64_t pixel, int64_t n_pixels, int64_t group, float* memory) const {
    const auto delta = group_of_pixels(pass_.delta, c_.n_channels_out, group, c_.n_groups);
    return pack_factor(kernel_, rows_of(delta, pixel, pixel + n_pixels), memory);
  }

  const ConvolutionWeightGradient& pass_;
  const Convolution& c_;
  PatchLines patches_;
  TileKernel kernel_;
  GradientTiles tiles_;
  int64_t n_pixels_;
};

}  // namespace

bool reads_weight_gradient_in_lines(const ConvolutionWeightGradient& pass, int n_threads) {
  const Convolution& c = pass.convolution;
  const PatchLines patches = lines_of(pass);
  if (pass.images.n_rows == 0 || !patches.has_small_rims() ||
      c.n_channels_in > kMostCloseChannels || rows_of_run(c) < kFewestLineRows) {
    return false;
  }
  const int64_t copied_by_each = patches.copy_size(most_lines(c)) + kChainLength * c.group_out();
  // A number of a patch takes about twice the time, in runs as short as they are.
  return copied_by_each * n_threads <= 2 * kChainLength * c.n_weight_rows() * c.n_groups;
}

void line_weight_gradient(const ConvolutionWeightGradient& pass, const Parallel& parallel) {
  LineWeightGradient(pass).run(parallel);
}

}  // namespace reprotrain::kernels
