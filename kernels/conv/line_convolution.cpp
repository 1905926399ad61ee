// SPDX-License-Identifier: Apache-2.0
//   pack the weight of every group
//   for each chunk of lines                                                        (parallel)
//     copy what windows reach of the images, with zeros around it, unless they stay inside
//     for each group: products of all lines
#include "kernels/conv/line_convolution.h"

#include <algorithm>
#include <vector>

#include "kernels/base/ceil_div.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/matmul/line_product.h"

namespace reprotrain::kernels {

namespace {

/// What a chunk may read: a quarter of a second-level cache.
constexpr int64_t kChunkNumbers = int64_t{1} << 15;
/// Chunks of a thread, so that those which lose time lose less of it to one another.
constexpr int64_t kChunksOfThread = 4;
/// Taller than every tile, so that the kernel is chosen by the columns.
constexpr int64_t kManyRows = 64;

class LineConvolutionRun {
 public:
  LineConvolutionRun(const LineConvolution& convolution, int n_threads)
      : convolution_(convolution),
        patches_(convolution.patches),
        kernel_(tile_kernel_for(kManyRows, convolution.n_columns)),
        offsets_(static_cast<size_t>(patches_.depth())),
        chunk_lines_(lines_of_chunk(n_threads)),
        group_size_(packed_factor_size(kernel_, patches_.depth(), convolution.n_columns)),
        weights_(group_size_ * convolution.n_groups) {
    patches_.list_terms(offsets_.data());
    for (int64_t group = 0; group < convolution_.n_groups; ++group) {
      packed_.push_back(
          pack_factor(kernel_,
                      {convolution_.weights + group * convolution_.weight_group_stride,
                       patches_.depth(), convolution_.n_columns, convolution_.weight_row_stride},
                      weights_.data() + group * group_size_));
    }
  }

  void run(const Parallel& parallel) const {
    const int64_t n_chunks = ceil_div(patches_.n_lines(), chunk_lines_);
    const int64_t grain =
        chunk_grain(chunk_lines_ * patches_.n_rows(), patches_.depth() * convolution_.n_groups,
                    convolution_.n_columns);
    parallel.for_ranges(n_chunks, grain,
                        [&](int64_t begin, int64_t end) { run_chunks(begin, end); });
  }

 private:
  int64_t lines_of_chunk(int n_threads) const {
    if (convolution_.most_rows > 0) {
      return std::max<int64_t>(1, convolution_.most_rows / patches_.n_rows());
    }
    const int64_t fair = ceil_div(patches_.n_lines(), n_threads * kChunksOfThread);
    return std::max<int64_t>(1, std::min(patches_.lines_within(kChunkNumbers), fair));
  }

  void run_chunks(int64_t begin, int64_t end) const {
    const WorkSpace copy(patches_.copy_size(chunk_lines_));
    std::vector<const float*> a_lines(static_cast<size_t>(chunk_lines_));
    std::vector<float*> c_lines(a_lines.size());
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t line = chunk * chunk_lines_;
      const int64_t line_end = std::min(line + chunk_lines_, patches_.n_lines());
      a_lines.resize(static_cast<size_t>(line_end - line));
      c_lines.resize(a_lines.size());
      patches_.place(line, line_end, copy.data(), a_lines.data());
      for (size_t i = 0; i < c_lines.size(); ++i) {
        c_lines[i] = convolution_.c_line(line + static_cast<int64_t>(i));
      }
      for (int64_t group = 0; group < convolution_.n_groups; ++group) {
        multiply_group(group, a_lines, c_lines);
      }
    }
  }

  /// Lines are those of the group; they are moved on to the next one.
  void multiply_group(int64_t group, std::vector<const float*>& a_lines,
                      std::vector<float*>& c_lines) const {
    LineProduct product;
    product.a_lines = a_lines;
    product.a_row_stride = patches_.step();
    product.term_offsets = offsets_;
    product.b = packed_[static_cast<size_t>(group)];
    product.c_lines = c_lines;
    product.c_row_stride = convolution_.c_step;
    product.n_rows = patches_.n_rows();
    if (convolution_.bias != nullptr) {
      product.bias = convolution_.bias + group * convolution_.n_columns;
    }
    multiply_lines(kernel_, product);
    for (const float*& line : a_lines) line += convolution_.n_taken;
    for (float*& line : c_lines) line += convolution_.n_columns;
  }

  const LineConvolution& convolution_;
  const PatchLines& patches_;
  TileKernel kernel_;
  std::vector<int64_t> offsets_;
  int64_t chunk_lines_;
  int64_t group_size_;
  WorkSpace weights_;
  std::vector<PackedFactor> packed_;
};

}  // namespace

void run_line_convolution(const LineConvolution& convolution, const Parallel& parallel) {
  LineConvolutionRun(convolution, parallel.n_threads()).run(parallel);
}

}  // namespace reprotrain::kernels
