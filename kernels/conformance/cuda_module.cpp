// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cuda_module.h"

#include <cuda_runtime_api.h>

#include <exception>

#include "kernels/base/cuda_error.h"
#include "kernels/conformance/cuda_device.h"

namespace reprotrain::kernels {
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

bool run_conformance_on(int index, std::vector<OperatorVerdict>& verdicts, std::string& error) {
  try {
    const auto device = cuda_device(index);
    const std::vector<OperatorVerdict> all = run_conformance(*device);
    verdicts.insert(verdicts.end(), all.begin(), all.end());
    return true;
  } catch (const std::exception& failure) {
    error = failure.what();
    return false;
  }
}

}  // namespace
}  // namespace reprotrain::kernels

extern "C" __attribute__((visibility("default"))) const reprotrain::kernels::CudaModuleTable*
reprotrain_cuda_module() {
  using namespace reprotrain::kernels;
  static const CudaModuleTable table{kernels_build_id(), count_devices, run_conformance_on,
                                     CUDART_VERSION, set_library_finder};
  return &table;
}
