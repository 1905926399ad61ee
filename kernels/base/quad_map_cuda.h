// SPDX-License-Identifier: Apache-2.0
// Runs an elementwise formula on a GPU, four elements at a time.
//
//   elements 4q ... 4q+3 of every array are one quad; thread t does quads t, t + threads, ...
//
// A formula is a small struct with
//   using Value        the type of the elements, of 4 bytes;
//   kReads, kWrites    the numbers of arrays it reads and writes;
//   __device__ void operator()(int64_t quad, const Value (*in)[4], Value (*out)[4]) const
//                      with in[a][i] and out[a][i] element 4 * quad + i of array a.
// Why: elementwise passes are bound by memory; an aligned quad moves in one access of 16 bytes.
// Requires: nothing of alignment or length. Beyond the end `in` holds zeros and `out` is dropped.
//   An array that is written may be one of those read, element for element.
// Determinism: elementwise; neither the grid nor alignment reaches a value.
#pragma once

#include <cstdint>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {

template <typename T, int kReads, int kWrites>
struct QuadArrays {
  const T* read[kReads > 0 ? kReads : 1];
  T* written[kWrites];
};

template <typename T>
struct alignas(16) Quad {
  T value[4];
};

inline __device__ bool is_aligned_16(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0;
}

/// Elements of a quad that lie within an array of n.
inline __device__ int elements_of_quad(int64_t quad, int64_t n) {
  return n - 4 * quad < 4 ? static_cast<int>(n - 4 * quad) : 4;
}

template <typename T>
__device__ void load_quad(const T* array, int64_t quad, int n_elements, T (&values)[4]) {
  static_assert(sizeof(T) == 4, "a quad has 16 bytes");
  if (n_elements == 4 && is_aligned_16(array)) {
    const Quad<T> four = reinterpret_cast<const Quad<T>*>(array)[quad];
    for (int i = 0; i < 4; ++i) values[i] = four.value[i];
    return;
  }
  for (int i = 0; i < 4; ++i) values[i] = i < n_elements ? array[4 * quad + i] : T{};
}

template <typename T>
__device__ void store_quad(T* array, int64_t quad, int n_elements, const T (&values)[4]) {
  if (n_elements == 4 && is_aligned_16(array)) {
    reinterpret_cast<Quad<T>*>(array)[quad] = {{values[0], values[1], values[2], values[3]}};
    return;
  }
  for (int i = 0; i < 4; ++i) {
    if (i < n_elements) array[4 * quad + i] = values[i];
  }
}

inline constexpr unsigned kQuadThreads = 256;

namespace quad_map_detail {

template <class Formula>
using ArraysOf = QuadArrays<typename Formula::Value, Formula::kReads, Formula::kWrites>;

template <class Formula>
__global__ void __launch_bounds__(kQuadThreads)
    quad_map(Formula formula, ArraysOf<Formula> arrays, int64_t n) {
  using Value = typename Formula::Value;
  for (int64_t quad = thread_of_grid(); 4 * quad < n; quad += threads_of_grid()) {
    const int n_elements = elements_of_quad(quad, n);
    Value in[Formula::kReads > 0 ? Formula::kReads : 1][4];
    Value out[Formula::kWrites][4];
    for (int a = 0; a < Formula::kReads; ++a) load_quad(arrays.read[a], quad, n_elements, in[a]);
    formula(quad, in, out);
    for (int a = 0; a < Formula::kWrites; ++a) {
      store_quad(arrays.written[a], quad, n_elements, out[a]);
    }
  }
}

}  // namespace quad_map_detail

/// `formula` over arrays of n elements each; n = 0 is fine.
template <class Formula>
void map_quads(const Formula& formula, const quad_map_detail::ArraysOf<Formula>& arrays, int64_t n,
               cudaStream_t stream) {
  if (n == 0) return;
  launch(quad_map_detail::quad_map<Formula>,
         {blocks_for(ceil_div(n, 4), kQuadThreads), kQuadThreads}, stream, formula, arrays, n);
}

}  // namespace reprotrain::kernels
