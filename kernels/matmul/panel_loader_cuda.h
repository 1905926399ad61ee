// SPDX-License-Identifier: Apache-2.0
// Moves panels of one operand, kDepth values of k by kWidth rows of A or columns of B, from global
// to shared memory, where they always lie k by k: panel[k][x]. A value is a word of 32 bits: a
// binary32 number, or four int8 digits.
//
// Along: x is contiguous in global memory (A transposed, or B plain). 16 bytes go straight to
// shared memory, asynchronously. Across: k is contiguous (A plain, or B transposed). 16 bytes along
// k go to registers before the multiplication of the previous panel and become four rows of the
// panel after it, so that the loads are in flight during that multiplication either way.
//
// A warp stores an across panel without bank conflicts: its rows are 4 words longer than the panel
// is wide, and x is exclusive-ored with a multiple of 4 that depends on k. Panels that leave the
// operand, and operands that are not aligned to 16 bytes, are copied number by number.
//
// Beyond the terms panels are filled with a padding that leaves a sum as it is. For chains of fmas
// that is fma(-0, +0, s) = s for every s, -0 included; with +0 in both, a chain's -0 would become +0.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

/// Four words that move at once.
template <typename Word>
struct QuadOf;
template <>
struct QuadOf<float> {
  using Type = float4;
};
template <>
struct QuadOf<int32_t> {
  using Type = int4;
};

/// One operand of a product: word (k, x) is data[k * stride + x], or data[x * stride + k].
template <typename Word>
struct PanelOperand {
  const Word* data = nullptr;
  int64_t stride = 0;
  int64_t n_x = 0;
  bool is_aligned = false;  ///< base address and stride are multiples of 16 bytes
};

/// A block's part of an operand.
struct PanelRange {
  int tile = 0;  ///< x from tile * kWidth on
  int64_t k_begin = 0;
  int n_terms = 0;  ///< values of k from k_begin on
};

template <typename Word, bool kAcross, int kWidth, int kDepth, int kThreads>
class PanelLoader {
 public:
  using Quad = typename QuadOf<Word>::Type;
  static constexpr int kStride = kAcross ? kWidth + 4 : kWidth;
  static constexpr int kSize = kDepth * kStride;

  __device__ PanelLoader(const PanelOperand<Word>& source, const PanelRange& range, Word padding)
      : source_(source), range_(range), padding_(padding) {
    is_inside_ = source.is_aligned && x_left() >= kWidth;
    next_ = own_source(0);
    chunk_step_ = source.stride * (kAcross ? kXStep : kKStep);
    panel_step_ = kAcross ? kDepth : source.stride * kDepth;
  }

  /// Where element (k, x) of a panel lies; the 4 numbers from a multiple of 4 on are neighbours.
  __device__ static int offset_of(int k, int x) { return k * kStride + (x ^ swizzle_of(k)); }

  /// Starts to bring the next panel, number `index` from 0, to `panel` or to registers. Nobody may
  /// be reading `panel`.
  __device__ void fetch(int index, Word* panel) {
    const int k_left = range_.n_terms - index * kDepth;
    const bool is_whole = is_inside_ && k_left >= kDepth;
    is_staged_ = kAcross && is_whole;
    if (is_whole) {
      fetch_whole(panel);
    } else {
      fetch_guarded(index, k_left, panel);
    }
    next_ += panel_step_;
  }

  /// Finishes the panel that was fetched last, but for the wait for asynchronous copies.
  __device__ void store(Word* panel) const {
    if constexpr (kAcross) {
      if (!is_staged_) return;
#pragma unroll
      for (int i = 0; i < kChunks; ++i) {
        Word* to = panel + offset_of(own_k() + i * kKStep, own_x() + i * kXStep);
        to[0] = staged_[i].x;
        to[kStride] = staged_[i].y;
        to[2 * kStride] = staged_[i].z;
        to[3 * kStride] = staged_[i].w;
      }
    }
  }

 private:
  // A chunk is 16 bytes. Chunks of a panel are numbered along the contiguous direction first; thread
  // t has the chunks t, t + kThreads, ...
  static constexpr int kChunks = kWidth * kDepth / 4 / kThreads;
  static constexpr int kChunksInLine = (kAcross ? kDepth : kWidth) / 4;
  static constexpr int kXStep = kAcross ? kThreads / kChunksInLine : 0;
  static constexpr int kKStep = kAcross ? 0 : kThreads / kChunksInLine;
  static_assert(kChunks * 4 * kThreads == kWidth * kDepth && kThreads % kChunksInLine == 0);

  __device__ static int own_x() {
    const int thread = static_cast<int>(threadIdx.x);
    return kAcross ? thread / kChunksInLine : thread % kChunksInLine * 4;
  }
  __device__ static int own_k() {
    const int thread = static_cast<int>(threadIdx.x);
    return kAcross ? thread % kChunksInLine * 4 : thread / kChunksInLine;
  }

  // A warp stores 32 / kChunksInLine neighbouring x of kChunksInLine groups of four k. Groups differ
  // by 16 banks, modulo 32: every second pair of groups must move aside.
  __device__ static int swizzle_of(int k) { return kAcross ? k / 8 * (32 / kChunksInLine) : 0; }

  /// Values of x from the block's first one on.
  __device__ int64_t x_left() const { return source_.n_x - int64_t{range_.tile} * kWidth; }

  /// The thread's first number of panel `index`.
  __device__ const Word* own_source(int index) const {
    const int64_t x = int64_t{range_.tile} * kWidth + own_x();
    const int64_t k = range_.k_begin + int64_t{index} * kDepth + own_k();
    return source_.data + (kAcross ? x * source_.stride + k : k * source_.stride + x);
  }

  __device__ void fetch_whole(Word* panel) {
#pragma unroll
    for (int i = 0; i < kChunks; ++i) {
      const Word* from = next_ + i * chunk_step_;
      if constexpr (kAcross) {
        staged_[i] = *reinterpret_cast<const Quad*>(from);
      } else {
        copy_async_16(panel + offset_of(own_k() + i * kKStep, own_x()), from);
      }
    }
  }

  // Seldom run: finds its addresses anew, for next_ in two address spaces would take registers.
  __device__ void fetch_guarded(int index, int k_left, Word* panel) {
    const Word* const first = own_source(index);
#pragma unroll
    for (int i = 0; i < kChunks; ++i) {
      const Word* from = first + i * chunk_step_;
#pragma unroll 1  // for the registers
      for (int e = 0; e < 4; ++e) {
        const int k = own_k() + i * kKStep + (kAcross ? e : 0);
        const int x = own_x() + i * kXStep + (kAcross ? 0 : e);
        Word* to = panel + offset_of(k, x / 4 * 4) + x % 4;
        if (k < k_left && x < x_left()) {
          copy_async_4(to, from + e);
        } else {
          *to = padding_;
        }
      }
    }
  }

  const PanelOperand<Word>& source_;
  PanelRange range_;
  Word padding_;
  bool is_inside_;    // every chunk of a panel of full depth exists and is aligned
  const Word* next_;  // the thread's first number of the next panel
  int64_t chunk_step_;
  int64_t panel_step_;
  bool is_staged_ = false;
  Quad staged_[kAcross ? kChunks : 1];
};

}  // namespace reprotrain::kernels
