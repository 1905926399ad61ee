// SPDX-License-Identifier: Apache-2.0
// Plans of the real cuDNN, where it is installed, for GPUs that are not there: it chooses engines for a
// device by its description alone. Nothing is executed.
#include "kernels/library/cudnn_plan.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

namespace reprotrain::kernels::cudnn {
namespace {

// What the library writes of an H100 with 132 multiprocessors.
constexpr const char* kH100 = R"({
  "cudaDeviceId": 0, "deviceName": "NVIDIA H100", "deviceVer": 900, "driverVer": 13000,
  "multiProcessorCount": 132, "warpSize": 32, "totalGlobalMem": 85000000000,
  "maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64],
  "regsPerBlock": 65536, "maxRegistersPerSM": 65536, "maxSharedMemoryPerBlock": 49152,
  "maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024,
  "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "l2CacheSize": 52428800,
  "smClockRateKHz": 1980000, "memClockRateKHz": 2619000, "pciDeviceId": 0, "isTccDriver": 0,
  "supportCoopLaunch": 1})";

constexpr int64_t kMostBytes = int64_t{1} << 30;

constexpr PassKind kKinds[] = {PassKind::kForward, PassKind::kWeightGradient,
                               PassKind::kInputGradient};
constexpr LibraryPrecision kPrecisions[] = {LibraryPrecision::kFp32, LibraryPrecision::kTf32,
                                            LibraryPrecision::kBf16};

Convolution square(int64_t side, int64_t kernel, int64_t stride, int64_t in, int64_t out) {
  Convolution c;
  c.y = c.x = with_same_padding({side, kernel, stride, 1, 0, 0});
  c.n_channels_in = in;
  c.n_channels_out = out;
  return c;
}

PassShape shape_of(PassKind kind, LibraryPrecision precision, const Convolution& convolution) {
  PassShape shape;
  shape.kind = kind;
  shape.convolution = convolution;
  shape.n_images = 128;
  shape.precision = precision;
  return shape;
}

/// The library, for an H100; skips the test, visibly, where it is not installed.
class RealCudnn : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      target_.emplace(std::string(kH100));
    } catch (const std::runtime_error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  const Target& target() const { return *target_; }

 private:
  std::optional<Target> target_;
};

TEST_F(RealCudnn, HasAnEngineForEveryPassOfAResidualNetworkInEveryPrecision) {
  Convolution grouped = square(28, 3, 1, 64, 64);
  grouped.n_groups = 4;
  for (const PassKind kind : kKinds) {
    for (const LibraryPrecision precision : kPrecisions) {
      for (const Convolution& c :
           {square(56, 3, 1, 64, 64), square(56, 1, 1, 64, 256), square(28, 1, 1, 6, 16),
            square(28, 5, 1, 1, 6), square(224, 7, 2, 3, 64), grouped}) {
        const PassShape shape = shape_of(kind, precision, c);
        const auto plan = Plan::choose(target(), shape, kMostBytes);
        ASSERT_TRUE(plan) << name_of_pass(shape);
        EXPECT_LE(plan->workspace_bytes(), kMostBytes);
      }
    }
  }
}

TEST_F(RealCudnn, ReplaysWhatItChose) {
  for (const PassKind kind : kKinds) {
    for (const LibraryPrecision precision : kPrecisions) {
      const PassShape shape = shape_of(kind, precision, square(56, 3, 1, 64, 64));
      const auto chosen = Plan::choose(target(), shape, kMostBytes);
      ASSERT_TRUE(chosen) << name_of_pass(shape);
      const Plan replayed = Plan::replay(target(), shape, chosen->choice());
      EXPECT_EQ(replayed.choice(), chosen->choice());
      EXPECT_EQ(replayed.workspace_bytes(), chosen->workspace_bytes());
    }
  }
}

TEST_F(RealCudnn, KeepsToThePrecision) {
  const Convolution c = square(56, 3, 1, 64, 64);
  const auto choice = [&](LibraryPrecision precision) {
    return Plan::choose(target(), shape_of(PassKind::kForward, precision, c), kMostBytes)->choice();
  };
  const std::string of_fp32 = choice(LibraryPrecision::kFp32);
  const std::string of_tf32 = choice(LibraryPrecision::kTf32);
  EXPECT_NE(of_fp32, of_tf32);
  const PassShape fp32 = shape_of(PassKind::kForward, LibraryPrecision::kFp32, c);
  EXPECT_THROW(
      {
        try {
          Plan::replay(target(), fp32, of_tf32);
        } catch (const std::runtime_error& error) {
          EXPECT_NE(std::string(error.what()).find("uses tensor cores, which round binary32"),
                    std::string::npos)
              << error.what();
          throw;
        }
      },
      std::runtime_error);
}

/// Every engine of the library that says it is not deterministic is refused, whatever its number is.
TEST_F(RealCudnn, RefusesEnginesThatAreNotDeterministic) {
  const PassShape shape =
      shape_of(PassKind::kInputGradient, LibraryPrecision::kTf32, square(56, 3, 1, 64, 64));
  int n_refused = 0;
  for (int engine = 0; engine < 100; ++engine) {
    try {
      Plan::replay(target(), shape, "engine " + std::to_string(engine) + " knobs");
    } catch (const std::runtime_error& error) {
      n_refused += std::string(error.what()).find("is not deterministic") != std::string::npos;
    }
  }
  EXPECT_GT(n_refused, 0);
}

TEST_F(RealCudnn, RefusesWhatIsNoChoiceOfIts) {
  const PassShape shape =
      shape_of(PassKind::kForward, LibraryPrecision::kTf32, square(56, 3, 1, 64, 64));
  for (const char* const choice :
       {"", "engine", "engine 1", "engine -1 knobs", "engine 1 knobs 2",
        "engine 1 knobs 2=", "engine 1 knobs 2=x", "engine 1 knobs 2:1", "motor 1 knobs",
        "engine 9999 knobs", "engine 1 knobs 2=999999"}) {
    EXPECT_THROW(Plan::replay(target(), shape, choice), std::runtime_error) << choice;
  }
}

TEST_F(RealCudnn, StaysWithinItsWorkSpace) {
  for (const PassKind kind : kKinds) {
    const auto plan = Plan::choose(
        target(), shape_of(kind, LibraryPrecision::kTf32, square(56, 3, 1, 64, 64)), 1024);
    if (plan) {
      EXPECT_LE(plan->workspace_bytes(), 1024);
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels::cudnn
