// SPDX-License-Identifier: Apache-2.0
// Stands in for engine/device/cuda_module.cpp where the CUDA module is linked into the program, on the
// emulated device, under the schedule that REPROTRAIN_SCHEDULE names (0 by default).
#include "engine/device/cuda_module.h"

#include <cstdlib>

#include "engine/device/cuda/fastest_int8_gemm.h"
#include "tests/emulated_cuda/schedule.h"

extern "C" const reprotrain::engine::CudaModuleTable* reprotrain_cuda_module();

namespace reprotrain::engine {

std::unique_ptr<kernels::Int8Gemm> fastest_int8_gemm() {
  return std::make_unique<kernels::TiledInt8Gemm>();
}

std::string cuda_module_file() { return "emulated device in the program"; }

const CudaModuleTable* load_cuda_module(std::string& /*reason*/) {
  const char* const wanted = std::getenv("REPROTRAIN_SCHEDULE");
  static const emulated_cuda::ScheduleScope schedule(
      {wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10)});
  return reprotrain_cuda_module();
}

}  // namespace reprotrain::engine
