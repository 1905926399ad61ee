// SPDX-License-Identifier: Apache-2.0
#include "engine/device/nvidia_driver.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/engine/device/fake_libraries.h"

namespace reprotrain::engine {
namespace {

constexpr int kPatienceMs = 5000;

/// What the fake driver says when it is told how to behave.
NvidiaDevices devices_of(const char* wish) {
  ::setenv("FAKE_DRIVER", wish, 1);
  const NvidiaDevices found =
      list_nvidia_devices(testing::FakeMachine::fake("cuda13"), kPatienceMs);
  ::unsetenv("FAKE_DRIVER");
  return found;
}

TEST(NvidiaDriver, DevicesAreDescribed) {
  const NvidiaDevices found =
      list_nvidia_devices(testing::FakeMachine::fake("cuda13"), kPatienceMs);
  EXPECT_EQ(found.reason, "");
  ASSERT_EQ(found.devices.size(), 2u);
  const NvidiaDevice& slice = found.devices[0];
  EXPECT_EQ(slice.name, "NVIDIA H100 80GB HBM3 MIG 1g.10gb");
  EXPECT_EQ(slice.mig_profile, "1g.10gb");
  EXPECT_EQ(slice.major, 9);
  EXPECT_EQ(slice.minor, 0);
  EXPECT_EQ(slice.n_multiprocessors, 16);
  EXPECT_EQ(slice.memory_bytes, int64_t{10} << 30);
  EXPECT_TRUE(slice.has_ecc);
  const NvidiaDevice& whole = found.devices[1];
  EXPECT_EQ(whole.mig_profile, "");
  EXPECT_EQ(whole.minor, 1);
  EXPECT_FALSE(whole.has_ecc);
}

TEST(NvidiaDriver, NoDeviceIsASentence) {
  EXPECT_EQ(devices_of("none").reason, "the NVIDIA driver offers no device to this process");
}

TEST(NvidiaDriver, ADriverThatDoesNotStartIsASentenceWithItsOwnWords) {
  const NvidiaDevices found = devices_of("broken");
  EXPECT_TRUE(found.devices.empty());
  EXPECT_EQ(
      found.reason,
      "the NVIDIA driver does not work: cuInit fails with 803 (system has unsupported display "
      "driver / cuda driver combination)");
}

TEST(NvidiaDriver, ADriverThatCrashesIsASentence) {
  EXPECT_EQ(devices_of("crash").reason,
            "the NVIDIA driver does not work: a process that asked it crashed (Bus error)");
}

TEST(NvidiaDriver, ALibraryWithoutItsFunctionsIsASentence) {
  const std::string reason =
      list_nvidia_devices(testing::FakeMachine::fake("empty"), kPatienceMs).reason;
  EXPECT_NE(reason.find("undefined symbol: cuInit"), std::string::npos) << reason;
  EXPECT_NE(list_nvidia_devices("/nowhere/libcuda.so.1", kPatienceMs).reason.find("/nowhere"),
            std::string::npos);
}

}  // namespace
}  // namespace reprotrain::engine
