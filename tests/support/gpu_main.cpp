// SPDX-License-Identifier: Apache-2.0
// Runs tests that need a GPU: without one the program says so and ends with 77, which ctest shows
// as skipped, or fails where REPROTRAIN_REQUIRE_GPU=1.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

constexpr int kSkipped = 77;

bool gpu_is_required() {
  const char* required = std::getenv("REPROTRAIN_REQUIRE_GPU");
  return required != nullptr && std::string_view(required) == "1";
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  int n_devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&n_devices);
  if (error != cudaSuccess || n_devices == 0) {
    const bool required = gpu_is_required();
    std::fprintf(stderr, "%s: no GPU: %s\n", required ? "FAILED" : "SKIPPED",
                 cudaGetErrorString(error));
    return required ? 1 : kSkipped;
  }
  return RUN_ALL_TESTS();
}
