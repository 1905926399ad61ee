// SPDX-License-Identifier: Apache-2.0
// Every operator computed as its declared invariances allow must give the golden bits; and no
// invariance is declared that is not tested here.
#include <gtest/gtest.h>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cpu_device.h"
#include "tests/kernels/conformance/varied_devices.h"

namespace reprotrain::kernels {
namespace {

/// The verdict of each check on `device`: the golden bits where `declared`, else not offered.
void expect_exactly(OperatorDevice& device, bool Invariance::*declared) {
  const auto verdicts = run_conformance(device);
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const Verdict expected =
        conformance_checks()[i].invariance.*declared ? Verdict::kSame : Verdict::kNotOffered;
    EXPECT_EQ(verdicts[i].verdict, expected)
        << device.name() << ", " << verdicts[i].operation << ": " << verdicts[i].first_fault;
  }
}

TEST(Invariance, OutputsComputedInPiecesAreTheSame) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    const SerialParallel serial;
    const auto device = cpu_device(serial);
    testing::PiecewiseDevice pieces(*device);
    expect_exactly(pieces, &Invariance::pieces);
  }
}

TEST(Invariance, SumsOfTermsInAnotherOrderAreTheSame) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    const SerialParallel serial;
    const auto device = cpu_device(serial);
    testing::ReorderedDevice reordered(*device);
    expect_exactly(reordered, &Invariance::order);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
