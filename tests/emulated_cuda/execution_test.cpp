// SPDX-License-Identifier: Apache-2.0
// Kernels without a fault give one result under every schedule, and the right one.
#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <vector>

#include "kernels/base/cuda_launch.h"
#include "kernels/conformance/device_array.h"
#include "tests/emulated_cuda/schedule.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::emulated_cuda {
namespace {

using kernels::DeviceArray;
using kernels::launch;
using testing::for_each_schedule;

std::vector<int> counting(size_t n) {
  std::vector<int> values(n);
  std::iota(values.begin(), values.end(), 1);
  return values;
}

__global__ void write_indices(uint3* seen) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  uint3* mine = seen + 2 * (block * blockDim.x * blockDim.y * blockDim.z + thread);
  mine[0] = blockIdx;
  mine[1] = threadIdx;
}

TEST(EmulatedCuda, EveryThreadOfEveryBlockRunsOnce) {
  for_each_schedule([] {
    DeviceArray<uint3> seen(2 * 24 * 60);
    launch(write_indices, {dim3(2, 3, 4), dim3(5, 4, 3)}, nullptr, seen.data());
    const std::vector<uint3> indices = seen.values();
    size_t i = 0;
    for (unsigned block = 0; block < 24; ++block) {
      for (unsigned thread = 0; thread < 60; ++thread, i += 2) {
        ASSERT_EQ(indices[i].x, block % 2);
        ASSERT_EQ(indices[i].y, block / 2 % 3);
        ASSERT_EQ(indices[i].z, block / 6);
        ASSERT_EQ(indices[i + 1].x, thread % 5);
        ASSERT_EQ(indices[i + 1].y, thread / 5 % 4);
        ASSERT_EQ(indices[i + 1].z, thread / 20);
      }
    }
  });
}

/// Tree over shared memory, then over the lanes of a warp.
__global__ void block_sums(const int* x, int* sums) {
  auto* tile = kernels::dynamic_shared<int>();
  __shared__ int total;
  tile[threadIdx.x] = x[kernels::thread_of_grid()];
  for (unsigned half = blockDim.x / 2; half >= 32; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) tile[threadIdx.x] += tile[threadIdx.x + half];
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    int sum = tile[threadIdx.x];
    for (int bit = 16; bit > 0; bit /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, bit);
    if (threadIdx.x == 31) total = sum;
  }
  __syncthreads();
  if (threadIdx.x == 200) sums[blockIdx.x] = total;
}

TEST(EmulatedCuda, ReductionOverSharedMemoryAndLanes) {
  const std::vector<int> values = counting(7 * 256);
  const DeviceArray<int> x(values);
  for_each_schedule(30, [&] {
    DeviceArray<int> sums(7);
    launch(block_sums, {.grid = 7, .block = 256, .dynamic_shared_bytes = 1024}, nullptr, x.data(),
           sums.data());
    const std::vector<int> result = sums.values();
    for (int block = 0; block < 7; ++block) {
      EXPECT_EQ(result[static_cast<size_t>(block)], 256 * (256 * block) + 256 * 257 / 2);
    }
  });
}

/// Copies one tile while it works on the other.
__global__ void add_up_tiles(const int4* x, int n_tiles, int* sum) {
  __shared__ int4 tile[2][32];
  const auto fetch = [&](int index) {
    if (index < n_tiles) {
      kernels::copy_async_16(&tile[index % 2][threadIdx.x], &x[index * 32 + int(threadIdx.x)]);
    }
    kernels::commit_async_copies();
  };
  int mine = 0;
  fetch(0);
  for (int index = 0; index < n_tiles; ++index) {
    fetch(index + 1);
    kernels::wait_for_async_copies<1>();
    __syncthreads();
    const int4 four = tile[index % 2][31 - threadIdx.x];
    mine += four.x + four.y + four.z + four.w;
    __syncthreads();
  }
  atomicAdd(sum, mine);
}

TEST(EmulatedCuda, DoubleBufferingWithAsynchronousCopies) {
  const DeviceArray<int> x(counting(5 * 128));
  for_each_schedule(30, [&] {
    DeviceArray<int> sum(std::vector<int>{0});
    launch(add_up_tiles, {1, 32}, nullptr, reinterpret_cast<const int4*>(x.data()), 5, sum.data());
    EXPECT_EQ(sum.values()[0], 640 * 641 / 2);
  });
}

__global__ void shuffles(int* y) {
  const int lane = static_cast<int>(threadIdx.x);
  int* mine = y + 8 * lane;
  mine[0] = __shfl_sync(0xffffffffu, lane, 5);
  mine[1] = __shfl_sync(0xffffffffu, lane, 5, 8);
  mine[2] = __shfl_up_sync(0xffffffffu, lane, 3);
  mine[3] = __shfl_down_sync(0xffffffffu, lane, 3, 16);
  mine[4] = __shfl_xor_sync(0xffffffffu, lane, 9, 8);
  mine[5] = static_cast<int>(__ballot_sync(0xffffffffu, lane % 3 == 0));
  mine[6] = __any_sync(0xffffffffu, lane == 17);
  mine[7] = __all_sync(0xffffffffu, lane != 17);
}

TEST(EmulatedCuda, ShufflesAndVotesAreCudas) {
  for_each_schedule([] {
    DeviceArray<int> y(256);
    launch(shuffles, {1, 32}, nullptr, y.data());
    const std::vector<int> results = y.values();
    for (int lane = 0; lane < 32; ++lane) {
      const int* mine = results.data() + 8 * lane;
      EXPECT_EQ(mine[0], 5);
      EXPECT_EQ(mine[1], lane / 8 * 8 + 5);
      EXPECT_EQ(mine[2], lane < 3 ? lane : lane - 3);
      EXPECT_EQ(mine[3], lane % 16 < 13 ? lane + 3 : lane);
      EXPECT_EQ(mine[4], (lane ^ 9) <= (lane | 7) ? lane ^ 9 : lane);
      EXPECT_EQ(static_cast<unsigned>(mine[5]), 0x49249249u);
      EXPECT_EQ(mine[6], 1);
      EXPECT_EQ(mine[7], 0);
    }
  });
}

/// Half-warps that go their own ways meet their own lanes only.
__global__ void half_warps(int* y) {
  const int lane = static_cast<int>(threadIdx.x);
  const unsigned mask = lane < 16 ? 0xffffu : 0xffff0000u;
  int sum = lane;
  const int rounds = lane < 16 ? 1 : 4;
  for (int bit = 1; bit < 1 << rounds; bit *= 2) sum += __shfl_xor_sync(mask, sum, bit);
  y[lane] = sum;
}

TEST(EmulatedCuda, MasksDivideAWarp) {
  for_each_schedule([] {
    DeviceArray<int> y(32);
    launch(half_warps, {1, 32}, nullptr, y.data());
    const std::vector<int> sums = y.values();
    for (int lane = 0; lane < 16; ++lane) {
      EXPECT_EQ(sums[static_cast<size_t>(lane)], 2 * (lane / 2 * 2) + 1);
    }
    for (size_t lane = 16; lane < 32; ++lane) EXPECT_EQ(sums[lane], (16 + 31) * 8);
  });
}

/// The last block to arrive adds up what all have left.
__global__ void last_block_finishes(unsigned* arrived, int* parts, int* total) {
  __shared__ bool is_last;
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = static_cast<int>(blockIdx.x) + 1;
    __threadfence();
    is_last = atomicAdd(arrived, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last || threadIdx.x != 0) return;
  for (unsigned block = 0; block < gridDim.x; ++block) *total += parts[block];
}

TEST(EmulatedCuda, LastBlockSeesAllOthers) {
  for_each_schedule(30, [] {
    DeviceArray<unsigned> arrived(std::vector<unsigned>{0});
    DeviceArray<int> parts(20), total(std::vector<int>{0});
    launch(last_block_finishes, {20, 33}, nullptr, arrived.data(), parts.data(), total.data());
    EXPECT_EQ(total.values()[0], 210);
  });
}

/// Blocks take tickets and wait for the block before them.
__global__ void chain_of_blocks(unsigned* ticket, unsigned* done, int* order) {
  const unsigned mine = atomicAdd(ticket, 1u);
  while (atomicAdd(done, 0u) != mine) continue;
  order[mine] = static_cast<int>(mine);
  atomicAdd(done, 1u);
}

TEST(EmulatedCuda, SpinOnAnEarlierBlockComesToAnEnd) {
  for_each_schedule(30, [] {
    DeviceArray<unsigned> ticket(std::vector<unsigned>{0}), done(std::vector<unsigned>{0});
    DeviceArray<int> order(50);
    launch(chain_of_blocks, {50, 1}, nullptr, ticket.data(), done.data(), order.data());
    EXPECT_EQ(order.values()[49], 49);
  });
}

__global__ void spin_lock(unsigned* lock, int* count) {
  bool waits = true;
  while (waits) {
    if (atomicCAS(lock, 0u, 1u) == 0u) {
      *count += 1;
      atomicExch(lock, 0u);
      waits = false;
    }
  }
}

TEST(EmulatedCuda, SpinLockOfManyThreadsComesToAnEnd) {
  for_each_schedule(10, [] {
    DeviceArray<unsigned> lock(std::vector<unsigned>{0});
    DeviceArray<int> count(std::vector<int>{0});
    launch(spin_lock, {4, 64}, nullptr, lock.data(), count.data());
    EXPECT_EQ(count.values()[0], 256);
  });
}

__global__ void all_atomics(int* i, unsigned* u, unsigned long long* l) {
  const int lane = static_cast<int>(threadIdx.x);
  atomicAdd(&i[0], lane);
  atomicSub(&i[1], lane);
  atomicMax(&i[2], lane - 40);
  atomicMin(&i[3], lane - 40);
  atomicOr(&u[0], 1u << lane);
  atomicAnd(&u[1], ~(1u << lane));
  atomicXor(&u[2], 3u << lane);
  atomicAdd(&l[0], ~0ull);
  atomicMax(&l[1], 1ull << lane);
  kernels::atomic_add(reinterpret_cast<int64_t*>(&l[2]), int64_t{-5});
}

TEST(EmulatedCuda, IntegerAtomics) {
  for_each_schedule([] {
    DeviceArray<int> i(std::vector<int>{0, 0, -100, 100});
    DeviceArray<unsigned> u(std::vector<unsigned>{0, ~0u, 0});
    DeviceArray<unsigned long long> l(std::vector<unsigned long long>{40, 0, 0});
    launch(all_atomics, {1, 32}, nullptr, i.data(), u.data(), l.data());
    EXPECT_EQ(i.values(), (std::vector<int>{496, -496, -9, -40}));
    EXPECT_EQ(u.values(), (std::vector<unsigned>{~0u, 0, 1}));
    EXPECT_EQ(l.values(), (std::vector<unsigned long long>{8, 1ull << 31, ~0ull - 159}));
  });
}

template <typename T>
concept HasAtomicAdd = requires(T* target, T value) {
  atomicAdd(target, value);
};

TEST(EmulatedCuda, HasNoFloatAtomics) {
  static_assert(HasAtomicAdd<int> && HasAtomicAdd<unsigned> && HasAtomicAdd<unsigned long long>);
  static_assert(!HasAtomicAdd<float> && !HasAtomicAdd<double>);
}

TEST(EmulatedCuda, BitFunctionsAreCudas) {
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clzll(0), 64);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__popc(0xf0f0u), 8);
  EXPECT_EQ(__brev(0x80000001u), 0x80000001u);
  EXPECT_EQ(__brev(2u), 0x40000000u);
  EXPECT_EQ(__umulhi(0xffffffffu, 0xffffffffu), 0xfffffffeu);
  EXPECT_EQ(__mulhi(-1, 5), -1);
  EXPECT_EQ(__umul64hi(~0ull, ~0ull), ~0ull - 1);
  EXPECT_EQ(__dp4a(static_cast<int>(0x80ff0102u), 0x7f010203, 10), -128 * 127 - 1 + 2 + 6 + 10);
  EXPECT_EQ(__dp4a(0x80ff0102u, 0x7f010203u, 10u), 128u * 127 + 255 + 2 + 6 + 10);
  EXPECT_EQ(__byte_perm(0x33221100u, 0x77665544u, 0x7410u), 0x77441100u);
  EXPECT_EQ(__funnelshift_l(0x80000000u, 1u, 1u), 3u);
  EXPECT_EQ(__funnelshift_r(0u, 1u, 1u), 0x80000000u);
}

thread_local int of_the_host = 17;

TEST(EmulatedCuda, ThreadLocalVariablesOfTheHostOutliveALaunch) {
  of_the_host = 42;
  DeviceArray<int> y(256);
  launch(shuffles, {1, 32}, nullptr, y.data());
  EXPECT_EQ(of_the_host, 42);
}

}  // namespace
}  // namespace reprotrain::emulated_cuda
