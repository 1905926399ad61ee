// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/runtime_api.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "kernels/base/cuda_launch.h"
#include "kernels/conformance/device_array.h"
#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::emulated_cuda {
namespace {

using kernels::CudaError;
using kernels::DeviceArray;
using kernels::launch;

__global__ void nothing() {}
__global__ void other_nothing() {}

TEST(EmulatedRuntime, CopiesOnlyWithinAllocationsAndInTheStatedDirection) {
  DeviceArray<int> device(4);
  std::vector<int> host(8);
  EXPECT_EQ(cudaMemcpy(device.data(), host.data(), 16, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(device.data(), host.data(), 17, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device.data() + 1, host.data(), 16, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device.data(), host.data(), 16, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), host.data() + 4, 16, cudaMemcpyDeviceToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(device.data(), 0, 17), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(EmulatedRuntime, ReleasesWhatItAllocatedOnce) {
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, 100), cudaSuccess);
  EXPECT_EQ(cudaFree(static_cast<char*>(pointer) + 4), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&pointer, 0), cudaSuccess);
  EXPECT_EQ(pointer, nullptr);
  cudaGetLastError();
}

TEST(EmulatedRuntime, AlignsToTheLargestPowerOfTwoOfTheSize) {
  for (uint64_t index = 0; index < 2; ++index) {
    const ScheduleScope scope({index});
    for (const size_t n_bytes : {4, 8, 12, 48, 256, 1024, 5000}) {
      void* pointer = nullptr;
      ASSERT_EQ(cudaMalloc(&pointer, n_bytes), cudaSuccess);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(pointer) % std::min<size_t>(n_bytes & -n_bytes, 256),
                0u);
      cudaFree(pointer);
    }
  }
}

TEST(EmulatedRuntime, RefusesLaunchesThatCudaRefuses) {
  EXPECT_NO_THROW(launch(nothing, {1, 1024}, nullptr));
  EXPECT_THROW(launch(nothing, {0, 32}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {dim3(1, 65536), 32}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {dim3(1, 1, 65536), 32}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {0x80000000u, 32}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {1, 1025}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {1, dim3(1, 1, 65)}, nullptr), CudaError);
  EXPECT_THROW(launch(nothing, {1, 0}, nullptr), CudaError);
  cudaGetLastError();
}

TEST(EmulatedRuntime, NeedsAPermitForMuchDynamicSharedMemory) {
  constexpr size_t kMuch = size_t{64} << 10;
  const auto run = [](auto kernel) {
    launch(kernel, {.grid = 1, .block = 1, .dynamic_shared_bytes = kMuch}, nullptr);
  };
  EXPECT_THROW(run(nothing), CudaError);
  kernels::allow_dynamic_shared(nothing, kMuch);
  EXPECT_NO_THROW(run(nothing));
  EXPECT_THROW(run(other_nothing), CudaError);
  EXPECT_THROW(kernels::allow_dynamic_shared(nothing, size_t{1} << 20), CudaError);
  cudaGetLastError();
}

TEST(EmulatedRuntime, ErrorsNameCallAndPlace) {
  try {
    launch(nothing, {1, 1025}, nullptr);
    FAIL() << "launched";
  } catch (const CudaError& error) {
    EXPECT_EQ(error.code(), cudaErrorInvalidConfiguration);
    EXPECT_NE(std::string(error.what()).find("runtime_api_test.cpp:"), std::string::npos)
        << error.what();
  }
  cudaGetLastError();
}

TEST(EmulatedRuntime, ClaimsAnotherNumberOfMultiprocessorsInEveryDefaultSchedule) {
  std::set<int> counts;
  for (uint64_t index = 0; index < 5; ++index) {
    const ScheduleScope scope({index});
    int count = 0;
    cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0);
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    EXPECT_EQ(count, properties.multiProcessorCount);
    counts.insert(count);
  }
  EXPECT_EQ(counts.size(), 5u);
}

}  // namespace
}  // namespace reprotrain::emulated_cuda
