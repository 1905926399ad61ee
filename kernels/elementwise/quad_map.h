// SPDX-License-Identifier: Apache-2.0
// Runs an elementwise formula on a GPU, four elements at a time.
//
//   elements 4q ... 4q+3 of every array are one quad; thread t does quads t, t + threads, ...
//
// A formula is a small struct with kReads and kWrites, the numbers of arrays it reads and writes,
// and
//   __device__ void operator()(int64_t quad, const float (&in)[kReads][4],
//                              float (&out)[kWrites][4]) const;
// Why: elementwise passes are bound by memory; an aligned quad moves in one access of 16 bytes.
// Requires: nothing of alignment or length. Beyond the end `in` holds zeros and `out` is dropped.
//   An array that is written may be one of those read, element for element.
// Determinism: elementwise; neither the grid nor alignment reaches a value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

template <int kReads, int kWrites>
struct QuadArrays {
  const float* read[kReads];
  float* written[kWrites];
};

inline __device__ bool is_aligned_16(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0;
}

/// Elements of a quad that lie within an array of n.
inline __device__ int elements_of_quad(int64_t quad, int64_t n) {
  return n - 4 * quad < 4 ? static_cast<int>(n - 4 * quad) : 4;
}

inline __device__ void load_quad(const float* array, int64_t quad, int n_elements,
                                 float (&values)[4]) {
  if (n_elements == 4 && is_aligned_16(array)) {
    const float4 four = reinterpret_cast<const float4*>(array)[quad];
    values[0] = four.x;
    values[1] = four.y;
    values[2] = four.z;
    values[3] = four.w;
    return;
  }
  for (int i = 0; i < 4; ++i) values[i] = i < n_elements ? array[4 * quad + i] : 0.0f;
}

inline __device__ void store_quad(float* array, int64_t quad, int n_elements,
                                  const float (&values)[4]) {
  if (n_elements == 4 && is_aligned_16(array)) {
    reinterpret_cast<float4*>(array)[quad] =
        make_float4(values[0], values[1], values[2], values[3]);
    return;
  }
  for (int i = 0; i < 4; ++i) {
    if (i < n_elements) array[4 * quad + i] = values[i];
  }
}

inline constexpr unsigned kQuadThreads = 256;

namespace quad_map_detail {

template <class Formula>
__global__ void __launch_bounds__(kQuadThreads)
    quad_map(Formula formula, QuadArrays<Formula::kReads, Formula::kWrites> arrays, int64_t n) {
  for (int64_t quad = thread_of_grid(); 4 * quad < n; quad += threads_of_grid()) {
    const int n_elements = elements_of_quad(quad, n);
    float in[Formula::kReads][4];
    float out[Formula::kWrites][4];
    for (int i = 0; i < Formula::kReads; ++i) load_quad(arrays.read[i], quad, n_elements, in[i]);
    formula(quad, in, out);
    for (int i = 0; i < Formula::kWrites; ++i) {
      store_quad(arrays.written[i], quad, n_elements, out[i]);
    }
  }
}

}  // namespace quad_map_detail

/// Blocks that keep every multiprocessor busy with `n_items`, one a thread or more.
inline unsigned blocks_for(int64_t n_items, unsigned threads_of_block) {
  constexpr int kBlocksPerMultiprocessor = 8;
  int device = 0;
  int n_multiprocessors = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&n_multiprocessors, cudaDevAttrMultiProcessorCount, device),
             "cudaDeviceGetAttribute");
  const int64_t needed = (n_items + threads_of_block - 1) / threads_of_block;
  const int64_t busy = int64_t{kBlocksPerMultiprocessor} * n_multiprocessors;
  return static_cast<unsigned>(std::min(needed, busy));
}

/// formula over arrays of n floats each; n = 0 is fine.
template <class Formula>
void map_quads(const Formula& formula, const QuadArrays<Formula::kReads, Formula::kWrites>& arrays,
               int64_t n, cudaStream_t stream) {
  if (n == 0) return;
  launch(quad_map_detail::quad_map<Formula>, {blocks_for((n + 3) / 4, kQuadThreads), kQuadThreads},
         stream, formula, arrays, n);
}

}  // namespace reprotrain::kernels
