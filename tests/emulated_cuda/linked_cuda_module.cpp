// SPDX-License-Identifier: Apache-2.0
// Stands in for engine/device/cuda_module.cpp: the module of this program is the emulated device.
#include "engine/device/cuda_module.h"

#include <cstdlib>
#include <exception>

#include "engine/device/cuda/cuda_device.h"
#include "kernels/conformance/build_id.h"
#include "kernels/conformance/cuda_device.h"
#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::engine {
namespace {

int count_devices(std::string& /*error*/) { return 1; }

bool run_conformance(int index, std::vector<kernels::OperatorVerdict>& verdicts,
                     std::string& error) {
  try {
    verdicts = kernels::run_conformance(*kernels::cuda_device(index));
    return true;
  } catch (const std::exception& failure) {
    error = failure.what();
    return false;
  }
}

/// Under the schedule that REPROTRAIN_SCHEDULE names, 0 by default, for the rest of the process.
std::unique_ptr<ComputeDevice> open_device(int index, int64_t most_bytes,
                                           const kernels::Parallel& threads, std::string& error) {
  const char* const wanted = std::getenv("REPROTRAIN_SCHEDULE");
  static const emulated_cuda::ScheduleScope schedule(
      {wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10)});
  try {
    return std::make_unique<CudaDevice>(index, most_bytes,
                                        std::make_unique<kernels::TiledInt8Gemm>(), threads);
  } catch (const std::exception& failure) {
    error = failure.what();
    return nullptr;
  }
}

}  // namespace

const CudaModuleTable* load_cuda_module(std::string& /*reason*/) {
  static const CudaModuleTable table{kernels::kernels_build_id(), count_devices, run_conformance,
                                     open_device};
  return &table;
}

}  // namespace reprotrain::engine
