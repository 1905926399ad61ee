// SPDX-License-Identifier: Apache-2.0
// Tiles of 4x8 with the 8-bit dot products of Armv8.2: 16 products an instruction.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "kernels/matmul/digit_tile.h"

#define RPT_TARGET  // kernels/CMakeLists.txt turns dot products on for this file

namespace reprotrain::kernels {

namespace {

struct Vector {
  using Type = int32x4_t;
  static constexpr int kLanes = 4;

  RPT_TARGET static Type load(const int32_t* p) { return vld1q_s32(p); }
  RPT_TARGET static Type broadcast(int32_t word) { return vdupq_n_s32(word); }
  RPT_TARGET static void store(int32_t* p, Type v) { vst1q_s32(p, v); }
  RPT_TARGET static Type dot(Type sums, Type b, Type a) {
    return vdotq_s32(sums, vreinterpretq_s8_s32(b), vreinterpretq_s8_s32(a));
  }
};

#include "kernels/matmul/digit_tile_quads.inc"

}  // namespace

DigitTileKernel neondot_digit_tile_kernel(int n_digits) {
  return quad_kernel<2, 2>(DigitLayout::kQuads, n_digits);
}

}  // namespace reprotrain::kernels

#endif  // defined(__aarch64__)
