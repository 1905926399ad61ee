// SPDX-License-Identifier: Apache-2.0
//   for each image, for each block of lines of the phases                          (parallel)
//     copy the lines of delta that they reach, a plane for each channel, with zeros around them
//     for each phase, group and line of its pixels: tiles along the line
#include "kernels/conv/narrow_input_gradient.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/work_space.h"
#include "kernels/conv/convolution_shapes.h"
#include "kernels/matmul/narrow_tile.h"
#include "kernels/matmul/tile_kernel.h"

namespace reprotrain::kernels {

namespace {

/// Numbers of a block's planes: three quarters of a second-level cache.
constexpr int64_t kBlockNumbers = 3 << 15;

/// Places [begin, end) along an axis of delta.
struct PlaceRange {
  int64_t begin = 0, end = 0;
};

/// What all phases reach for their places [first, last].
PlaceRange reach_of(const std::vector<WeightedPhase>& phases, PhaseAxis Phase::*axis, int64_t first,
                    int64_t last) {
  PlaceRange range{INT64_MAX, INT64_MIN};
  for (const WeightedPhase& weighted : phases) {
    const PhaseAxis& a = weighted.phase.*axis;
    range.begin = std::min(range.begin, a.first_window + first - (a.n_taps - 1) * a.window_step);
    range.end = std::max(range.end, a.first_window + std::min(last, a.n_places - 1) + 1);
  }
  return range;
}

/// Lines of delta of one image, channel by channel: number x of line y and channel j lies at
/// memory[((y - first line) * n_channels + j) * pitch() + x - first x].
class DeltaPlanes {
 public:
  DeltaPlanes(const Convolution& c, const std::vector<WeightedPhase>& phases)
      : n_channels_(c.n_channels_out),
        height_(c.y.n_windows()),
        width_(c.x.n_windows()),
        pack_(tile_kernel_for(kNarrowLanes, kNarrowLanes).pack) {
    const PlaceRange reach = reach_of(phases, &Phase::x, 0, INT64_MAX / 2);
    first_x_ = std::min<int64_t>(0, reach.begin);
    const int64_t end = std::max(reach.end, width_) + kNarrowLanes;
    // An odd number of vectors: neighbouring channels fall into different sets of a cache.
    pitch_ = (ceil_div(end - first_x_, 2 * kNarrowLanes) * 2 + 1) * kNarrowLanes;
  }

  int64_t pitch() const { return pitch_; }
  int64_t line_size() const { return n_channels_ * pitch_; }
  int64_t first_x() const { return first_x_; }

  /// Copies lines [begin, end) of an image of delta to `memory`.
  void copy(const float* delta, const PlaceRange& lines, float* memory) const {
    for (int64_t y = lines.begin; y < lines.end; ++y, memory += line_size()) {
      if (y < 0 || y >= height_) {
        std::fill_n(memory, line_size(), 0.0f);
      } else {
        copy_line(delta + y * width_ * n_channels_, memory);
      }
    }
  }

 private:
  void copy_line(const float* pixels, float* planes) const {
    float* const first = planes - first_x_;
    for (int64_t x = 0; x < width_; x += kNarrowLanes) {
      const auto width = static_cast<int>(std::min(kNarrowLanes, width_ - x));
      pack_({pixels + x * n_channels_, 1, n_channels_, first + x, pitch_, n_channels_, width});
    }
    for (int64_t j = 0; j < n_channels_; ++j) {
      std::fill_n(planes + j * pitch_, -first_x_, 0.0f);
      std::fill(first + j * pitch_ + width_, planes + (j + 1) * pitch_, 0.0f);
    }
  }

  int64_t n_channels_, height_, width_;
  void (*pack_)(const PackTask& task);
  int64_t first_x_;
  int64_t pitch_;
};

class NarrowInputGradient {
 public:
  NarrowInputGradient(const ConvolutionInputGradient& pass,
                      const std::vector<WeightedPhase>& phases)
      : pass_(pass), c_(pass.convolution), phases_(phases), planes_(c_, phases) {
    for (const WeightedPhase& weighted : phases_) {
      n_lines_ = std::max(n_lines_, weighted.phase.y.n_places);
      offsets_.push_back(terms_of(weighted.phase));
    }
    const PlaceRange one = reach_of(phases_, &Phase::y, 0, 0);
    rim_lines_ = one.end - one.begin - 1;
    const int64_t fitting = kBlockNumbers / planes_.line_size() - rim_lines_;
    block_lines_ = pass.chunk.n_rows > 0 ? pass.chunk.n_rows : fitting;
    block_lines_ = std::clamp<int64_t>(block_lines_, 1, n_lines_);
  }

  void run(const Parallel& parallel) const {
    const int64_t n_blocks = ceil_div(n_lines_, block_lines_);
    const int64_t terms = c_.n_weight_rows() * c_.n_channels_out;
    const int64_t grain = chunk_grain(block_lines_ * ceil_div(c_.x.size, c_.x.stride), terms, 1);
    parallel.for_ranges(pass_.delta.n_rows * n_blocks, grain, [&](int64_t begin, int64_t end) {
      const WorkSpace memory((block_lines_ + rim_lines_) * planes_.line_size());
      for (int64_t i = begin; i < end; ++i) {
        const int64_t line = i % n_blocks * block_lines_;
        run_block(i / n_blocks, line, std::min(line + block_lines_, n_lines_), memory.data());
      }
    });
  }

 private:
  /// Where the terms of a phase lie, from its first tap and the group's first channel on.
  std::vector<int64_t> terms_of(const Phase& phase) const {
    std::vector<int64_t> offsets;
    for (int64_t ty = 0; ty < phase.y.n_taps; ++ty) {
      for (int64_t tx = 0; tx < phase.x.n_taps; ++tx) {
        const int64_t tap =
            -ty * phase.y.window_step * planes_.line_size() - tx * phase.x.window_step;
        for (int64_t j = 0; j < c_.group_out(); ++j) offsets.push_back(tap + j * planes_.pitch());
      }
    }
    return offsets;
  }

  void run_block(int64_t image, int64_t line_begin, int64_t line_end, float* memory) const {
    const PlaceRange lines = reach_of(phases_, &Phase::y, line_begin, line_end - 1);
    planes_.copy(pass_.delta.row(image), lines, memory);
    for (size_t i = 0; i < phases_.size(); ++i) {
      const PhaseAxis& y = phases_[i].phase.y;
      for (int64_t py = line_begin; py < std::min(line_end, y.n_places); ++py) {
        run_line(i, image, py, memory + (y.first_window + py - lines.begin) * planes_.line_size());
      }
    }
  }

  void run_line(size_t index, int64_t image, int64_t py, const float* planes) const {
    const auto& [phase, weight] = phases_[index];
    const PixelGrid pixels = pixels_of_phase(phase, c_, pass_.image_gradient, 0);
    NarrowTask task;
    task.depth = static_cast<int64_t>(offsets_[index].size());
    task.n_rows = static_cast<int>(c_.group_in());
    task.b_offsets = offsets_[index].data();
    task.n_columns = phase.x.n_places;
    task.c_column_stride = pixels.step_x * c_.n_channels_in;
    float* const line = pixels.pixel((image * pixels.n_y + py) * pixels.n_x);
    for (int64_t group = 0; group < c_.n_groups; ++group) {
      task.a = weight + group * task.depth * c_.group_in();
      task.b = planes + group * c_.group_out() * planes_.pitch() + phase.x.first_window -
               planes_.first_x();
      task.c = line + group * c_.group_in();
      run_narrow_tiles(task);
    }
  }

  const ConvolutionInputGradient& pass_;
  const Convolution& c_;
  const std::vector<WeightedPhase>& phases_;
  DeltaPlanes planes_;
  std::vector<std::vector<int64_t>> offsets_;  // of each phase
  int64_t n_lines_ = 0;                        // of the phase that has most
  int64_t rim_lines_ = 0;
  int64_t block_lines_ = 1;
};

}  // namespace

bool has_narrow_gradient(const Convolution& c, const std::vector<WeightedPhase>& phases) {
  constexpr int64_t kSmallRim = 16;
  if (!has_narrow_tiles() || c.group_in() > kMostNarrowRows || phases.empty()) return false;
  const auto is_small = [](const PlaceRange& reach, int64_t size) {
    return std::max<int64_t>(0, -reach.begin) + std::max<int64_t>(0, reach.end - size) <=
           size + kSmallRim;
  };
  const bool rims_are_small =
      is_small(reach_of(phases, &Phase::x, 0, INT64_MAX / 2), c.x.n_windows()) &&
      is_small(reach_of(phases, &Phase::y, 0, INT64_MAX / 2), c.y.n_windows());
  return rims_are_small && std::all_of(phases.begin(), phases.end(), [&c](const WeightedPhase& p) {
           const int64_t n = p.phase.x.n_places;
           // Lanes in use: along the pixels here, along the channels otherwise.
           return p.phase.n_taps() > 0 &&
                  c.group_in() * round_up(n, kNarrowLanes) < n * kNarrowLanes;
         });
}

void narrow_input_gradient(const ConvolutionInputGradient& pass,
                           const std::vector<WeightedPhase>& phases, const Parallel& parallel) {
  if (pass.delta.n_rows > 0) NarrowInputGradient(pass, phases).run(parallel);
}

}  // namespace reprotrain::kernels
