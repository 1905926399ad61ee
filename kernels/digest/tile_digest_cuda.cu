// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/tile_digest_cuda.h"

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/quad_map_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kWarps = kThreads / 32;

struct Lane {
  uint64_t low;
  uint64_t high;
};

__device__ Lane lane_of(const float* values, int64_t lane, int64_t n) {
  float quad[4];
  load_quad(values, lane, elements_of_quad(lane, n), quad);
  const auto bits = [&](int i) { return uint64_t{bits_of(canonical(quad[i]))}; };
  return {bits(0) | bits(1) << 32, bits(2) | bits(3) << 32};
}

__device__ Lane lane_of(const int64_t* values, int64_t lane, int64_t n) {
  const bool is_whole = 2 * lane + 1 < n;
  return {static_cast<uint64_t>(values[2 * lane]),
          is_whole ? static_cast<uint64_t>(values[2 * lane + 1]) : uint64_t{0}};
}

__device__ uint64_t shuffle_xor(uint64_t value, int bit) {
  return __shfl_xor_sync(0xffffffffu, static_cast<unsigned long long>(value), bit);
}

/// The sum over a warp, in every lane.
__device__ Digest128 warp_sum(Digest128 sum) {
  for (int bit = 16; bit > 0; bit /= 2) {
    const Digest128 other{shuffle_xor(sum.low, bit), shuffle_xor(sum.high, bit)};
    sum.merge(other);
  }
  return sum;
}

/// Adds modulo 2^128; whoever makes the low half overflow carries.
__device__ void atomic_merge(Digest128* total, Digest128 part) {
  const uint64_t before = atomic_add(&total->low, part.low);
  const uint64_t carry = before + part.low < before ? 1 : 0;
  atomic_add(&total->high, part.high + carry);
}

struct DigestEnd {
  uint64_t n_elements;
  uint64_t type;
};

/// `total` is zero before. Block 0 adds the final term.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    digest_lanes(const T* values, int64_t n, DigestKey key, DigestEnd end, Digest128* total) {
  constexpr int64_t kPerLane = 16 / static_cast<int64_t>(sizeof(T));
  __shared__ uint64_t warp_low[kWarps];
  __shared__ uint64_t warp_high[kWarps];
  Digest128 sum;
  for (int64_t lane = thread_of_grid(); lane * kPerLane < n; lane += threads_of_grid()) {
    const Lane bytes = lane_of(values, lane, n);
    sum.merge(mixed_lane(bytes.low, bytes.high, key, static_cast<uint64_t>(lane)));
  }
  if (thread_of_grid() == 0) sum.merge(mixed_lane(end.n_elements, end.type, key, ~uint64_t{0}));
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) {
    warp_low[threadIdx.x / 32] = sum.low;
    warp_high[threadIdx.x / 32] = sum.high;
  }
  __syncthreads();
  if (threadIdx.x >= 32) return;
  Digest128 of_block;
  if (threadIdx.x < kWarps) of_block = {warp_low[threadIdx.x], warp_high[threadIdx.x]};
  of_block = warp_sum(of_block);
  if (threadIdx.x == 0) atomic_merge(total, of_block);
}

template <typename T>
void digest_of_tensor(const T* values, int64_t n, uint64_t tensor_id, DigestType type,
                      Digest128* digest, cudaStream_t stream) {
  constexpr int64_t kPerLane = 16 / static_cast<int64_t>(sizeof(T));
  check_cuda(cudaMemsetAsync(digest, 0, sizeof *digest, stream), "cudaMemsetAsync");
  const int64_t n_lanes = ceil_div(n, kPerLane);
  const DigestEnd end{static_cast<uint64_t>(n), static_cast<uint64_t>(type)};
  launch(digest_lanes<T>, {blocks_for(n_lanes > 0 ? n_lanes : 1, kThreads), kThreads}, stream,
         values, n, digest_key(tensor_id), end, digest);
}

}  // namespace

void tile_digest_cuda(const float* values, int64_t n, uint64_t tensor_id, Digest128* digest,
                      cudaStream_t stream) {
  digest_of_tensor(values, n, tensor_id, DigestType::kFloat32, digest, stream);
}

void tile_digest_cuda(const int64_t* values, int64_t n, uint64_t tensor_id, Digest128* digest,
                      cudaStream_t stream) {
  digest_of_tensor(values, n, tensor_id, DigestType::kInt64, digest, stream);
}

}  // namespace reprotrain::kernels
