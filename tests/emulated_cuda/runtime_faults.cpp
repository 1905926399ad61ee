// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/runtime_faults.h"

#include <atomic>
#include <limits>

namespace reprotrain::emulated_cuda {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

std::atomic<uint64_t> calls{0};
std::atomic<uint64_t> first_failing_call{kNever};
std::atomic<cudaError_t> error_of_fault{cudaSuccess};
EmulatedMachine machine;

}  // namespace

RuntimeFaultScope::RuntimeFaultScope(uint64_t first_failing, cudaError_t code) {
  calls = 0;
  error_of_fault = code;
  first_failing_call = first_failing;
}

RuntimeFaultScope::~RuntimeFaultScope() { first_failing_call = kNever; }

uint64_t RuntimeFaultScope::n_calls() const { return calls; }

EmulatedMachineScope::EmulatedMachineScope(const EmulatedMachine& other) { machine = other; }
EmulatedMachineScope::~EmulatedMachineScope() { machine = {}; }

const EmulatedMachine& emulated_machine() { return machine; }

cudaError_t fault_of_next_call() {
  if (machine.driver_version < CUDART_VERSION / 1000 * 1000) return cudaErrorInsufficientDriver;
  return calls++ >= first_failing_call ? error_of_fault.load() : cudaSuccess;
}

}  // namespace reprotrain::emulated_cuda
