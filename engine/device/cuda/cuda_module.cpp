// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include <exception>

#include "engine/device/cuda/cuda_device.h"
#include "engine/device/cuda/cuda_module_table.h"
#include "engine/device/cuda/device_support.h"
#include "engine/device/cuda/fastest_int8_gemm.h"
#include "kernels/conformance/build_id.h"
#include "kernels/conformance/cuda_device.h"

namespace reprotrain::engine {
namespace {

bool run_conformance_on(int index, std::vector<kernels::OperatorVerdict>& verdicts,
                        std::string& error) {
  try {
    require_working_kernels(index, REPROTRAIN_CUDA_ARCHITECTURES);
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
    require_working_kernels(index, REPROTRAIN_CUDA_ARCHITECTURES);
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
                                     count_cuda_devices,
                                     run_conformance_on,
                                     open_device,
                                     CUDART_VERSION,
                                     REPROTRAIN_CUDA_ARCHITECTURES,
                                     reprotrain::kernels::set_library_finder};
  return &table;
}
