// SPDX-License-Identifier: Apache-2.0
// Moves a panel of one operand, kDepth values of k by kWidth rows of A or columns of B, from global
// to shared memory, where it always lies k by k: panel[k][x].
//
// Along: x is contiguous in global memory (A transposed, or B plain). 16 bytes go straight to
// shared memory, asynchronously. Across: k is contiguous (A plain, or B transposed). 16 bytes along
// k go to registers before the multiplication of the previous panel and are turned into four rows
// of the panel after it, so the loads are in flight during that multiplication either way.
//
// A warp loads 128 bytes and stores 128 bytes a step without bank conflicts: in an across panel
// rows are 4 words longer than the panel is wide, and x is exclusive-ored with a multiple of 4 that
// depends on k. Panels that leave the operand, and operands that are not aligned to 16 bytes, take
// the guarded route, which reads number by number where it must.
//
// Beyond K both panels are filled with numbers that leave a chain as it is: fma(-0, +0, s) = s for
// every s, -0 included. Padding both with +0 would turn a chain's -0 into +0.
#pragma once

#include <cstdint>

#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

/// One operand of a product: element (k, x) is data[k * stride + x], or data[x * stride + k].
struct PanelSource {
  const float* data = nullptr;
  int64_t stride = 0;
  int64_t n_x = 0;
  int64_t depth = 0;
  bool is_aligned = false;  ///< base address and stride are multiples of 16 bytes
};

template <bool kAcross, int kWidth, int kDepth, int kThreads>
class PanelLoader {
 public:
  static constexpr int kStride = kAcross ? kWidth + 4 : kWidth;
  static constexpr int kSize = kDepth * kStride;

  __device__ PanelLoader(const PanelSource& source, int64_t x_begin, int64_t k_begin, float padding)
      : source_(source), x_(x_begin + own_x()), k_(k_begin), padding_(padding) {
    is_inside_ = source.is_aligned && x_begin + kWidth <= source.n_x;
    const int64_t k = k_begin + own_k();
    next_ = source.data + (kAcross ? x_ * source.stride + k : k * source.stride + x_);
    chunk_step_ = kAcross ? source.stride * kXStep : source.stride * kKStep;
  }

  /// Where element (k, x) of a panel lies, x a multiple of the vector that is read there.
  __device__ static int offset_of(int k, int x) { return k * kStride + (x ^ swizzle_of(k)); }

  /// Starts to bring the next panel: to `panel`, or to registers. Nobody may be reading `panel`.
  __device__ void fetch(float* panel) {
    const bool is_whole = is_inside_ && k_ + kDepth <= source_.depth;
    is_staged_ = kAcross || !is_whole;
    if (is_whole) {
      fetch_whole(panel);
    } else {
      fetch_guarded();
    }
    k_ += kDepth;
    next_ += kAcross ? kDepth : kDepth * source_.stride;
  }

  /// Finishes the panel that was fetched last.
  __device__ void store(float* panel) const {
    if (!is_staged_) return;
#pragma unroll
    for (int i = 0; i < kChunks; ++i) {
      const int k = chunk_k(i);
      const int x = chunk_x(i);
      if constexpr (kAcross) {
#pragma unroll
        for (int e = 0; e < 4; ++e) panel[offset_of(k, x) + e * kStride] = staged_[i][e];
      } else {
        const float4 chunk = {staged_[i][0], staged_[i][1], staged_[i][2], staged_[i][3]};
        *reinterpret_cast<float4*>(panel + offset_of(k, x)) = chunk;
      }
    }
  }

 private:
  // A chunk is 16 bytes. Chunks of a panel are numbered along the contiguous direction first; thread t
  // has chunks t, t + kThreads, ...
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
  __device__ static int chunk_x(int i) { return own_x() + i * kXStep; }
  __device__ static int chunk_k(int i) { return own_k() + i * kKStep; }

  // A warp stores 32 / kChunksInLine neighbouring x of kChunksInLine groups of four k. Groups differ by
  // 16 banks, modulo 32; every second pair of groups must move aside.
  __device__ static int swizzle_of(int k) {
    if constexpr (!kAcross) return 0;
    return k / 8 * (32 / kChunksInLine);
  }

  __device__ void fetch_whole(float* panel) {
#pragma unroll
    for (int i = 0; i < kChunks; ++i) {
      const float* from = next_ + i * chunk_step_;
      if constexpr (kAcross) {
        take(i, *reinterpret_cast<const float4*>(from));
      } else {
        copy_async_16(panel + offset_of(chunk_k(i), chunk_x(i)), from);
      }
    }
  }

  __device__ void fetch_guarded() {
#pragma unroll
    for (int i = 0; i < kChunks; ++i) {
      const float* from = next_ + i * chunk_step_;
      const int64_t x_left = source_.n_x - (x_ + i * kXStep);
      const int64_t k_left = source_.depth - (k_ + chunk_k(i));
      const int64_t along = kAcross ? k_left : x_left;
      const bool is_line = kAcross ? x_left > 0 : k_left > 0;
      if (source_.is_aligned && is_line && along >= 4) {
        take(i, *reinterpret_cast<const float4*>(from));
      } else {
#pragma unroll
        for (int e = 0; e < 4; ++e) staged_[i][e] = is_line && e < along ? from[e] : padding_;
      }
    }
  }

  __device__ void take(int i, const float4& chunk) {
    staged_[i][0] = chunk.x;
    staged_[i][1] = chunk.y;
    staged_[i][2] = chunk.z;
    staged_[i][3] = chunk.w;
  }

  const PanelSource& source_;
  int64_t x_;  // of the first chunk
  int64_t k_;  // of the next panel
  float padding_;
  bool is_inside_;
  bool is_staged_ = false;
  const float* next_;
  int64_t chunk_step_;
  float staged_[kChunks][4];
};

}  // namespace reprotrain::kernels
