// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels against the known answers that judge every other device.
#include <gtest/gtest.h>

#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cuda_device.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

TEST(ConformanceCuda, GivesTheGoldenBitsOnEverySchedule) {
  testing::for_each_schedule([] {
    const auto device = cuda_device(0);
    const auto verdicts = run_conformance(*device);
    ASSERT_TRUE(conforms(verdicts)) << conformance_table(verdicts);
  });
}

}  // namespace
}  // namespace reprotrain::kernels
