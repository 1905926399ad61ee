// SPDX-License-Identifier: Apache-2.0
// Stands in for engine/device/cuda_module.cpp where the CUDA module is linked into the program, on the
// emulated device, under the schedule that REPROTRAIN_SCHEDULE names (0 by default), and on the machine that
// REPROTRAIN_MACHINE describes: "DRIVER MAJOR.MINOR", say "12080 8.0", or a good one by default.
#include "engine/device/cuda_module.h"

#include <cstdio>
#include <cstdlib>

#include "engine/device/cuda/fastest_int8_gemm.h"
#include "include/reprotrain/error.h"
#include "tests/emulated_cuda/runtime_faults.h"
#include "tests/emulated_cuda/schedule.h"

extern "C" const reprotrain::engine::CudaModuleTable* reprotrain_cuda_module();

namespace reprotrain::engine {

std::unique_ptr<kernels::Int8Gemm> fastest_int8_gemm() {
  return std::make_unique<kernels::TiledInt8Gemm>();
}

namespace {

emulated_cuda::EmulatedMachine machine_from(const char* text) {
  emulated_cuda::EmulatedMachine machine;
  if (text != nullptr &&
      std::sscanf(text, "%d %d.%d", &machine.driver_version, &machine.major, &machine.minor) != 3) {
    throw Error(ErrorKind::kUsage, std::string("REPROTRAIN_MACHINE=") + text);
  }
  return machine;
}

}  // namespace

bool cuda_is_emulated() { return true; }

std::string cuda_module_file() { return "emulated device in the program"; }

const CudaModuleTable* load_cuda_module(std::string& /*reason*/) {
  const char* const wanted = std::getenv("REPROTRAIN_SCHEDULE");
  static const emulated_cuda::ScheduleScope schedule(
      {wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10)});
  static const emulated_cuda::EmulatedMachineScope machine(
      machine_from(std::getenv("REPROTRAIN_MACHINE")));
  return reprotrain_cuda_module();
}

}  // namespace reprotrain::engine
