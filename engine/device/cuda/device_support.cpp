// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/device_support.h"

#include <cuda_runtime.h>

#include <memory>

#include "engine/device/cuda/cuda_architectures.h"
#include "include/reprotrain/error.h"
#include "kernels/base/cuda_error.h"
#include "kernels/elementwise/addition_cuda.h"

namespace reprotrain::engine {

namespace {

using kernels::check_cuda;

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// What the driver says that it serves; 0 where there is none.
int driver_version() {
  int version = 0;
  return cudaDriverGetVersion(&version) == cudaSuccess ? version : -1;
}

std::string reason_for(cudaError_t code) {
  if (code != cudaErrorInsufficientDriver) {
    return std::string("CUDA does not work on this machine: ") + cudaGetErrorString(code);
  }
  return "the NVIDIA driver is too old: it serves CUDA up to " + version_text(driver_version()) +
         ", and the CUDA module needs " + std::to_string(CUDART_VERSION / 1000) +
         "; install a newer NVIDIA driver";
}

[[noreturn]] void refuse(const std::string& device, const std::string& what) {
  throw Error(ErrorKind::kEnvironment,
              device + ": " + what + "; use a package or build with code for it");
}

/// A sum of two numbers on the device.
void run_kernel() {
  float* numbers = nullptr;
  check_cuda(cudaMalloc(&numbers, 2 * sizeof(float)), "cudaMalloc");
  const std::unique_ptr<float, cudaError_t (*)(void*)> memory(numbers, cudaFree);
  check_cuda(cudaMemset(numbers, 0, 2 * sizeof(float)), "cudaMemset");
  kernels::add_cuda(numbers, numbers, numbers + 1, 1, nullptr);
  check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

}  // namespace

int count_cuda_devices(std::string& reason) {
  if (driver_version() == 0) {
    reason = "this machine has no NVIDIA driver";
    return 0;
  }
  int n_devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&n_devices);
  if (code == cudaErrorNoDevice) return 0;
  if (code == cudaSuccess) return n_devices;
  reason = reason_for(code);
  return -1;
}

void require_working_kernels(int index, std::string_view architectures) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  const std::string device = "cuda:" + std::to_string(index) + " " + properties.name;
  const std::string capability = "compute capability " + std::to_string(properties.major) + "." +
                                 std::to_string(properties.minor);
  if (cuda_code_for(architectures, properties.major, properties.minor) == CudaCode::kNone) {
    refuse(device, "it has " + capability + ", and the CUDA module holds code for " +
                       cuda_architectures_text(architectures));
  }
  check_cuda(cudaSetDevice(index), "cudaSetDevice");
  try {
    run_kernel();
  } catch (const kernels::CudaError& error) {
    if (error.code() != cudaErrorNoKernelImageForDevice) throw;
    refuse(device, "CUDA finds no code for its " + capability + " in the CUDA module");
  }
}

}  // namespace reprotrain::engine
