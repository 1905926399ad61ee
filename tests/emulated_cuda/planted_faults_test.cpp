// SPDX-License-Identifier: Apache-2.0
// Every kind of fault that the emulator is for, planted once: it must be found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "kernels/base/cuda_launch.h"
#include "kernels/conformance/device_array.h"
#include "tests/emulated_cuda/kernel_fault.h"
#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::emulated_cuda {
namespace {

using kernels::DeviceArray;
using kernels::launch;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// What the schedules' results are, without repetition; at most as many as there are schedules.
template <typename Run>
auto distinct_results(uint64_t n_schedules, const Run& run) {
  std::set<decltype(run())> results;
  for (uint64_t index = 0; index < n_schedules; ++index) {
    const ScheduleScope scope({index});
    results.insert(run());
  }
  return results;
}

/// The sentence of the fault that `run` meets, or a text no test expects.
template <typename Run>
std::string fault_of(Schedule schedule, const Run& run) {
  const ScheduleScope scope(schedule);
  try {
    run();
  } catch (const KernelFault& fault) {
    return fault.what();
  }
  return "(no fault)";
}

constexpr Schedule kEndGuarded{0};
constexpr Schedule kBeginGuarded{1};

std::vector<float> uneven_floats(size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = 1.0f / static_cast<float>(i + 3);
  return values;
}

// ---- Order ----

using kernels::thread_of_grid;

__global__ void sum_in_order_of_arrival(const float* x, float* sum) {
  *sum = *sum + x[thread_of_grid()];
}

TEST(PlantedFault, FloatSumInOrderOfArrivalDiffersBetweenSchedules) {
  const DeviceArray<float> x(uneven_floats(256));
  const auto results = distinct_results(5, [&] {
    DeviceArray<float> sum(std::vector<float>{0.0f});
    launch(sum_in_order_of_arrival, {4, 64}, nullptr, x.data(), sum.data());
    return sum.values();
  });
  EXPECT_GT(results.size(), 2u);
}

__global__ void last_writer(int* winner) { *winner = static_cast<int>(blockIdx.x); }

TEST(PlantedFault, BlocksThatWriteOnePlaceDifferBetweenSchedules) {
  DeviceArray<int> winner(1);
  const auto results = distinct_results(5, [&] {
    launch(last_writer, {64, 1}, nullptr, winner.data());
    return winner.values();
  });
  EXPECT_GT(results.size(), 2u);
}

/// Read and write of one place by two blocks, with a meeting of threads in between.
__global__ void count_blocks_without_atomics(int* count) {
  const int before = *count;
  __syncthreads();
  if (threadIdx.x == 0) *count = before + 1;
}

TEST(PlantedFault, BlocksThatTakeTurnsLoseUpdates) {
  const auto results = distinct_results(8, [&] {
    DeviceArray<int> count(std::vector<int>{0});
    launch(count_blocks_without_atomics, {64, 32}, nullptr, count.data());
    return count.values();
  });
  EXPECT_GT(results.size(), 1u);
}

// ---- Shared memory and barriers ----

template <bool kHasBarrier>
__global__ void reverse(const float* x, float* y) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  if (kHasBarrier) __syncthreads();
  y[threadIdx.x] = tile[63 - threadIdx.x];
}

TEST(PlantedFault, MissingBarrierShowsInEverySchedule) {
  const std::vector<float> values = uneven_floats(64);
  const std::vector<float> expected(values.rbegin(), values.rend());
  const DeviceArray<float> x(values);
  DeviceArray<float> y(64);
  for (uint64_t index = 0; index < 10; ++index) {
    const ScheduleScope scope({index});
    launch(reverse<true>, {1, 64}, nullptr, x.data(), y.data());
    EXPECT_EQ(y.values(), expected);
    launch(reverse<false>, {1, 64}, nullptr, x.data(), y.data());
    EXPECT_NE(y.values(), expected);
  }
}

/// The second barrier keeps a fast warp from overwriting what a slow one has not read.
template <bool kHasSecondBarrier>
__global__ void rotate_twice(const int* x, int* y) {
  __shared__ int tile[64];
  int value = x[threadIdx.x];
  for (int round = 0; round < 2; ++round) {
    tile[threadIdx.x] = value;
    __syncthreads();
    value = tile[(threadIdx.x + 1) % 64];
    if (kHasSecondBarrier) __syncthreads();
  }
  y[threadIdx.x] = value;
}

TEST(PlantedFault, BarrierMissingAfterTheReadsShowsInTheDefaultSchedules) {
  std::vector<int> values(64);
  for (int i = 0; i < 64; ++i) values[static_cast<size_t>(i)] = i;
  const DeviceArray<int> x(values);
  DeviceArray<int> y(64);
  const auto results_of = [&](auto kernel) {
    return distinct_results(5, [&] {
      launch(kernel, {1, 64}, nullptr, x.data(), y.data());
      return y.values();
    });
  };
  EXPECT_EQ(results_of(rotate_twice<true>).size(), 1u);
  EXPECT_GT(results_of(rotate_twice<false>).size(), 1u);
}

__global__ void some_end_before_the_barrier(int* x) {
  if (threadIdx.x >= 7) return;
  __syncthreads();
  *x = 1;
}

__global__ void two_barriers(int* x) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  *x = 1;
}

TEST(PlantedFault, DivergentBarriersAreNamed) {
  DeviceArray<int> x(1);
  EXPECT_THAT(fault_of({0},
                       [&] {
                         launch(some_end_before_the_barrier, {1, 64}, nullptr, x.data());
                       }),
              AllOf(HasSubstr("some_end_before_the_barrier"), HasSubstr("block (0, 0, 0)"),
                    HasSubstr("thread (0, 0, 0) waits at the barrier"),
                    HasSubstr("thread (7, 0, 0) has ended")));
  EXPECT_THAT(fault_of({3},
                       [&] {
                         launch(two_barriers, {1, 64}, nullptr, x.data());
                       }),
              AllOf(HasSubstr("thread (0, 0, 0) waits at the barrier"),
                    HasSubstr("thread (32, 0, 0) waits at the barrier")));
}

__global__ void read_uninitialised_static(uint32_t* y) {
  __shared__ uint32_t tile[32];
  if (threadIdx.x != 5) tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

__global__ void read_uninitialised_dynamic(uint32_t* y) {
  auto* tile = kernels::dynamic_shared<uint32_t>();
  if (threadIdx.x != 5) tile[threadIdx.x] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

TEST(PlantedFault, UninitialisedSharedMemoryHoldsPoisonThatSchedulesDifferIn) {
  DeviceArray<uint32_t> y(32);
  for (auto* kernel : {read_uninitialised_static, read_uninitialised_dynamic}) {
    const auto results = distinct_results(5, [&] {
      // Two blocks: the second must not find what the first left.
      launch(kernel, {.grid = 2, .block = 32, .dynamic_shared_bytes = 128}, nullptr, y.data());
      return y.values();
    });
    EXPECT_GT(results.size(), 1u);
    for (const std::vector<uint32_t>& result : results) EXPECT_GT(result[26], 31u);
  }
}

TEST(PlantedFault, FreshDeviceMemoryHoldsPoisonThatSchedulesDifferIn) {
  const auto results = distinct_results(2, [] { return DeviceArray<uint32_t>(3).values(); });
  EXPECT_EQ(results.size(), 2u);
}

// ---- Bounds ----

__global__ void read_at(const float* x, int index, float* y) { *y = x[index]; }
__global__ void write_at(float* x, int index) { x[index] = 1.0f; }

std::string fault_of_access(Schedule schedule, size_t n, int index, bool writes) {
  return fault_of(schedule, [&] {
    DeviceArray<float> x(n), y(1);
    if (writes) {
      launch(write_at, {1, 1}, nullptr, x.data(), index);
    } else {
      launch(read_at, {1, 1}, nullptr, x.data(), index, y.data());
    }
  });
}

TEST(PlantedFault, AccessBeyondOneEndIsFoundAtOnceWhateverTheLength) {
  for (const int n : {1, 2, 3, 31, 32, 33, 1023, 1024, 1025, 4097}) {
    for (const bool writes : {false, true}) {
      const auto length = static_cast<size_t>(n);
      EXPECT_THAT(fault_of_access(kEndGuarded, length, n, writes), HasSubstr("1 byte beyond"));
      EXPECT_THAT(fault_of_access(kBeginGuarded, length, -1, writes), HasSubstr("4 bytes before"));
      EXPECT_EQ(fault_of_access(kEndGuarded, length, n - 1, writes), "(no fault)");
      EXPECT_EQ(fault_of_access(kBeginGuarded, length, 0, writes), "(no fault)");
    }
  }
}

TEST(PlantedFault, WriteBeyondTheOtherEndIsFoundAfterTheLaunch) {
  EXPECT_THAT(fault_of_access(kEndGuarded, 33, -1, true), HasSubstr("wrote just outside"));
  EXPECT_THAT(fault_of_access(kBeginGuarded, 33, 33, true), HasSubstr("wrote just outside"));
}

__global__ void fail_in_one_thread(float* x) {
  const bool is_block = blockIdx.x == 1 && blockIdx.y == 2 && blockIdx.z == 0;
  if (is_block && threadIdx.x == 3 && threadIdx.y == 4) x[8] = 1.0f;
}

TEST(PlantedFault, FaultNamesKernelBlockThreadAndSchedule) {
  for (const uint64_t index : {0, 2, 4}) {
    EXPECT_THAT(fault_of({index},
                         [] {
                           DeviceArray<float> x(8);
                           launch(fail_in_one_thread, {dim3(2, 3), dim3(8, 8)}, nullptr, x.data());
                         }),
                AllOf(HasSubstr("fail_in_one_thread(float*): block (1, 2, 0), thread (3, 4, 0): "),
                      HasSubstr("[" + Schedule{index}.describe() + "]")));
  }
}

TEST(PlantedFault, UseAfterReleaseIsNamed) {
  float* gone = nullptr;
  cudaMalloc(&gone, 12);
  cudaFree(gone);
  EXPECT_THAT(fault_of({0},
                       [&] {
                         launch(write_at, {1, 1}, nullptr, gone, 0);
                       }),
              HasSubstr("after its release"));
}

TEST(PlantedFault, NullPointerIsNamed) {
  EXPECT_THAT(fault_of({0},
                       [] {
                         launch(write_at, {1, 1}, nullptr, nullptr, 0);
                       }),
              HasSubstr("no device memory"));
}

__global__ void write_dynamic_shared(int index) { kernels::dynamic_shared<int>()[index] = 1; }

TEST(PlantedFault, AccessBeyondDynamicSharedMemoryIsNamed) {
  const auto run = [](int index) {
    launch(write_dynamic_shared, {.grid = 1, .block = 1, .dynamic_shared_bytes = 48}, nullptr,
           index);
  };
  EXPECT_EQ(fault_of({0}, [&] { run(11); }), "(no fault)");
  EXPECT_THAT(fault_of({0}, [&] { run(12); }), HasSubstr("beyond its dynamic shared memory"));
}

__global__ void add_one_to_four(float* x) {
  float4& four = *reinterpret_cast<float4*>(x);
  four.x += 1.0f;
}
__global__ void read_four(float* x) {
  const auto four = *reinterpret_cast<const float4*>(x);
  x[0] = four.w;
}
__global__ void write_four(float* x) { *reinterpret_cast<float4*>(x) = {x[0], x[1], x[2], 1.0f}; }
__global__ void copy_four_to_shared(float* x) {
  alignas(16) __shared__ float tile[8];
  *reinterpret_cast<float4*>(tile + (reinterpret_cast<uintptr_t>(x) / 4) % 4) = float4{};
}
__global__ void write_two(float* x) {
  *reinterpret_cast<float2*>(x + 2 * (reinterpret_cast<uintptr_t>(x) / 8 % 2)) = {1.0f, x[0]};
}

TEST(PlantedFault, MisalignedVectorIsFoundHoweverItIsMoved) {
  for (const uint64_t schedule : {0, 1, 2, 3, 4}) {
    for (auto* kernel : {add_one_to_four, read_four, write_four, copy_four_to_shared, write_two}) {
      for (const size_t offset : {0, 1, 3, 4}) {
        const std::string fault = fault_of({schedule}, [&] {
          DeviceArray<float> x(std::vector<float>(8), offset);
          launch(kernel, {1, 1}, nullptr, x.data());
        });
        EXPECT_THAT(fault, HasSubstr(offset % 4 == 0 ? "(no fault)" : "misaligned")) << offset;
      }
    }
  }
}

__global__ void recurse_without_end(volatile int* depth) {
  volatile char frame[4096] = {};
  *depth = *depth + 1 + frame[static_cast<unsigned>(*depth) % 4096];
  if (*depth >= 0) recurse_without_end(depth);
  *depth = frame[0];
}

TEST(PlantedFault, StackOverflowIsNamed) {
  DeviceArray<int> depth(std::vector<int>{0});
  EXPECT_THAT(
      fault_of(
          {0},
          [&] {
            launch(recurse_without_end, {1, 1}, nullptr, static_cast<volatile int*>(depth.data()));
          }),
      HasSubstr("overflows its stack"));
}

__global__ void divide(int* x, int divisor) { *x = *x / divisor; }

TEST(PlantedFault, IntegerDivisionByZeroIsNamed) {
  DeviceArray<int> x(std::vector<int>{7});
  EXPECT_THAT(fault_of({0},
                       [&] {
                         launch(divide, {1, 1}, nullptr, x.data(), 0);
                       }),
              HasSubstr("divides an integer by zero"));
}

// ---- Warps ----

__global__ void shuffle_from(float* y, int source, unsigned mask) {
  if ((mask >> threadIdx.x & 1u) == 0) return;
  y[threadIdx.x] = __shfl_sync(mask, 1.0f, source);
}

TEST(PlantedFault, ShuffleFromAnInactiveLaneIsFound) {
  DeviceArray<float> y(32);
  const auto run = [&](int source, unsigned mask) {
    return fault_of({3}, [&] { launch(shuffle_from, {1, 32}, nullptr, y.data(), source, mask); });
  };
  EXPECT_EQ(run(15, 0xffffu), "(no fault)");
  EXPECT_THAT(run(16, 0xffffu), HasSubstr("shuffles from a lane that does not take part"));
}

__global__ void shuffle_down_in_a_short_warp(int* y) {
  y[threadIdx.x] = __shfl_down_sync(0xffffffffu, 1, 16);
}

TEST(PlantedFault, ShuffleBeyondAShortWarpIsFound) {
  DeviceArray<int> y(20);
  EXPECT_THAT(fault_of({0},
                       [&] {
                         launch(shuffle_down_in_a_short_warp, {1, 20}, nullptr, y.data());
                       }),
              HasSubstr("does not take part"));
}

__global__ void vote_with_another_mask(unsigned* y) {
  const unsigned mask = threadIdx.x == 3 ? 0xfffffff8u : 0xffffffffu;
  y[threadIdx.x] = __ballot_sync(mask, 1);
}

__global__ void vote_outside_the_mask(unsigned* y) {
  y[threadIdx.x] = __ballot_sync(0xfffffffeu, 1);
}

__global__ void vote_while_others_wait_at_the_barrier(unsigned* y) {
  if (threadIdx.x < 8) y[threadIdx.x] = __ballot_sync(0xffffu, 1);
  __syncthreads();
}

TEST(PlantedFault, VotesThatDoNotMeetAreNamed) {
  DeviceArray<unsigned> y(32);
  const auto run = [&](auto kernel) {
    return fault_of({3}, [&] { launch(kernel, {1, 32}, nullptr, y.data()); });
  };
  EXPECT_THAT(run(vote_with_another_mask), HasSubstr("waits for lanes of its mask"));
  EXPECT_THAT(run(vote_outside_the_mask), HasSubstr("is not in its own mask"));
  EXPECT_THAT(run(vote_while_others_wait_at_the_barrier),
              AllOf(HasSubstr("waits for lanes of its mask"), HasSubstr("waits at the barrier")));
}

// ---- Asynchronous copies ----

enum class Wait { kRight, kNone, kOneTooFew };

template <Wait kWait>
__global__ void copy_two_groups(const int4* x, int4* y) {
  __shared__ int4 tile[2];
  kernels::copy_async_16(&tile[0], &x[0]);
  kernels::commit_async_copies();
  kernels::copy_async_16(&tile[1], &x[1]);
  kernels::commit_async_copies();
  if constexpr (kWait == Wait::kRight) kernels::wait_for_async_copies<0>();
  if constexpr (kWait == Wait::kOneTooFew) kernels::wait_for_async_copies<1>();
  y[0] = tile[0];
  y[1] = tile[1];
}

TEST(PlantedFault, MissingWaitForAnAsynchronousCopyShowsInTheDefaultSchedules) {
  const std::vector<int> values = {1, 2, 3, 4, 5, 6, 7, 8};
  const DeviceArray<int> x(values);
  DeviceArray<int> y(8);
  const auto results_of = [&](auto kernel) {
    return distinct_results(5, [&] {
      launch(kernel, {1, 1}, nullptr, reinterpret_cast<const int4*>(x.data()),
             reinterpret_cast<int4*>(y.data()));
      return y.values();
    });
  };
  const std::set<std::vector<int>> right = {values};
  EXPECT_EQ(results_of(copy_two_groups<Wait::kRight>), right);
  EXPECT_NE(results_of(copy_two_groups<Wait::kNone>), right);
  EXPECT_NE(results_of(copy_two_groups<Wait::kOneTooFew>), right);
}

__global__ void copy_16_from(const int* x, int index) {
  alignas(16) __shared__ int tile[4];
  kernels::copy_async_16(tile, x + index);
}

TEST(PlantedFault, AsynchronousCopyOutOfBoundsOrMisalignedIsNamed) {
  const DeviceArray<int> x(8);
  const auto run = [&](int index) {
    return fault_of({0}, [&] { launch(copy_16_from, {1, 1}, nullptr, x.data(), index); });
  };
  EXPECT_EQ(run(4), "(no fault)");
  EXPECT_THAT(run(1), HasSubstr("misaligned"));
  const ScheduleScope scope(kEndGuarded);
  const DeviceArray<int> short_array(4);
  EXPECT_THAT(fault_of({0},
                       [&] {
                         launch(copy_16_from, {1, 1}, nullptr, short_array.data(), 4);
                       }),
              HasSubstr("beyond an allocation of 16 bytes"));
}

// ---- Progress ----

__global__ void wait_for_nobody(unsigned* flag) {
  while (atomicAdd(flag, 0u) == 0) continue;
}

TEST(PlantedFault, SpinWithoutEndIsNamed) {
  DeviceArray<unsigned> flag(std::vector<unsigned>{0});
  for (const uint64_t index : {0, 3}) {
    EXPECT_THAT(fault_of({index},
                         [&] {
                           launch(wait_for_nobody, {1, 2}, nullptr, flag.data());
                         }),
                HasSubstr("spins for ever"));
  }
}

TEST(PlantedFault, NextLaunchIsNotAffected) {
  const std::vector<float> values = uneven_floats(64);
  const DeviceArray<float> x(values);
  DeviceArray<float> y(64);
  DeviceArray<int> flag(1);
  EXPECT_NE(fault_of({3},
                     [&] {
                       launch(two_barriers, {2, 64}, nullptr, flag.data());
                     }),
            "(no fault)");
  launch(reverse<true>, {1, 64}, nullptr, x.data(), y.data());
  EXPECT_EQ(y.values(), std::vector<float>(values.rbegin(), values.rend()));
}

}  // namespace
}  // namespace reprotrain::emulated_cuda
