// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include <exception>

#include "engine/device/cuda/cuda_device.h"
#include "engine/device/cuda/cuda_module_table.h"
#include "engine/device/cuda/fastest_int8_gemm.h"
#include "kernels/base/cuda_error.h"
#include "kernels/conformance/build_id.h"
#include "kernels/conformance/cuda_device.h"

namespace reprotrain::engine {
namespace {

/// Why CUDA does not work, from what it says.
std::string reason_for(cudaError_t code) {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0) {
    return "this machine has no NVIDIA driver";
  }
  return std::string("CUDA does not work on this machine: ") + cudaGetErrorString(code);
}

int count_devices(std::string& error) {
  int n_devices = 0;
  const cudaError_t code = cudaGetDeviceCount(&n_devices);
  if (code == cudaErrorNoDevice) return 0;
  if (code == cudaSuccess) return n_devices;
  error = reason_for(code);
  return -1;
}

bool run_conformance_on(int index, std::vector<kernels::OperatorVerdict>& verdicts,
                        std::string& error) {
  try {
    const auto device = kernels::cuda_device(index);
    const std::vector<kernels::OperatorVerdict> all = kernels::run_conformance(*device);
    verdicts.insert(verdicts.end(), all.begin(), all.end());
    return true;
  } catch (const std::exception& failure) {
    error = failure.what();
    return false;
  }
}

std::unique_ptr<ComputeDevice> open_device(int index, int64_t most_bytes,
                                           const LibraryRequest* library,
                                           const kernels::Parallel& threads, std::string& error) {
  try {
    return std::make_unique<CudaDevice>(index, most_bytes, fastest_int8_gemm(), library, threads);
  } catch (const std::exception& failure) {
    error = failure.what();
    return nullptr;
  }
}

}  // namespace
}  // namespace reprotrain::engine

extern "C" __attribute__((visibility("default"))) const reprotrain::engine::CudaModuleTable*
reprotrain_cuda_module() {
  using namespace reprotrain::engine;
  static const CudaModuleTable table{reprotrain::kernels::kernels_build_id(),
                                     count_devices,
                                     run_conformance_on,
                                     open_device,
                                     CUDART_VERSION,
                                     reprotrain::kernels::set_library_finder};
  return &table;
}
