// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/device_support.h"

#include <gtest/gtest.h>

#include "include/reprotrain/error.h"
#include "tests/emulated_cuda/runtime_faults.h"

namespace reprotrain::engine {
namespace {

using emulated_cuda::EmulatedMachine;
using emulated_cuda::EmulatedMachineScope;
using emulated_cuda::RuntimeFaultScope;

struct Count {
  int n_devices;
  std::string reason;
  bool operator==(const Count&) const = default;
};

Count count_on(const EmulatedMachine& machine) {
  const EmulatedMachineScope scope(machine);
  std::string reason;
  const int n_devices = count_cuda_devices(reason);
  return {n_devices, reason};
}

std::string refusal_on(const EmulatedMachine& machine, const char* architectures = "75-real,80") {
  const EmulatedMachineScope scope(machine);
  try {
    require_working_kernels(0, architectures);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    return error.what();
  }
  return "";
}

TEST(DeviceSupport, CountsTheDevicesOfAWorkingDriver) {
  EXPECT_EQ(count_on({}), (Count{1, ""}));
  EXPECT_EQ(count_on({13020, 9, 0}), (Count{1, ""}));
}

TEST(DeviceSupport, NoDriverIsNoFault) {
  EXPECT_EQ(count_on({0}), (Count{0, "this machine has no NVIDIA driver"}));
}

TEST(DeviceSupport, ADriverThatIsTooOldIsASentence) {
  EXPECT_EQ(count_on({12080}),
            (Count{-1,
                   "the NVIDIA driver is too old: it serves CUDA up to 12.8, and the CUDA module "
                   "needs 13; install a newer NVIDIA driver"}));
}

TEST(DeviceSupport, WhatElseFailsIsSaidInTheWordsOfCuda) {
  const RuntimeFaultScope fault(0, cudaErrorLaunchFailure);
  EXPECT_EQ(count_on({}),
            (Count{-1, "CUDA does not work on this machine: cudaErrorLaunchFailure"}));
}

TEST(DeviceSupport, ADeviceWithCodeRunsAKernel) {
  EXPECT_EQ(refusal_on({}), "");
  EXPECT_EQ(refusal_on({13000, 12, 0}), "");  // by PTX
}

TEST(DeviceSupport, ADeviceWithoutCodeIsRefusedBeforeItsFirstKernel) {
  EXPECT_EQ(
      refusal_on({13000, 6, 1}),
      "cuda:0 emulated: it has compute capability 6.1, and the CUDA module holds code for 7.5 "
      "and 8.0, and by PTX all later ones; use a package or build with code for it");
  EXPECT_EQ(
      refusal_on({13000, 9, 0}, "80-real"),
      "cuda:0 emulated: it has compute capability 9.0, and the CUDA module holds code for 8.0; "
      "use a package or build with code for it");
}

TEST(DeviceSupport, CodeThatCudaDoesNotFindIsASentence) {
  EXPECT_EQ(
      refusal_on({13000, 8, 0, false}),
      "cuda:0 emulated: CUDA finds no code for its compute capability 8.0 in the CUDA module; "
      "use a package or build with code for it");
}

}  // namespace
}  // namespace reprotrain::engine
