// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels against the known answers that judge every other device, a check a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cuda_device.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

/// What runs on the host whatever the device.
constexpr std::string_view kHostOnly[] = {"cospi_unit", "power_of", "column_order",
                                          "metrics of classes", "metrics of numbers"};

std::string_view text_of(std::string_view file) {
  for (const GoldenFile& golden : golden_files()) {
    if (golden.name == file) return golden.text;
  }
  throw std::runtime_error("no golden file " + std::string(file));
}

/// The cases that a device of fibers does in seconds: not those of the longest rows, whose cut into
/// chunks sliced_matmul_cuda_test.cpp tries on short ones.
std::vector<GoldenCase> cases_of(const ConformanceCheck& check) {
  std::vector<GoldenCase> cases = golden_cases(text_of(check.file), check.kind);
#if defined(REPROTRAIN_EMULATED_CUDA)
  if (check.kind.find("_periodic") != std::string_view::npos) {
    std::erase_if(cases, [](const GoldenCase& c) { return c.inputs[0].size() > 5; });
  }
#endif
  return cases;
}

class ConformanceCuda : public ::testing::TestWithParam<ConformanceCheck> {};

TEST_P(ConformanceCuda, GivesTheGoldenBits) {
  const ConformanceCheck& check = GetParam();
  const std::vector<GoldenCase> cases = cases_of(check);
  const bool on_host = std::count(std::begin(kHostOnly), std::end(kHostOnly), check.operation) != 0;
  testing::for_each_schedule(1, [&] {
    const auto device = cuda_device(0);
    const OperatorVerdict verdict = judge(check, cases, *device);
    ASSERT_EQ(verdict.verdict, on_host ? Verdict::kNotOffered : Verdict::kSame)
        << conformance_table({&verdict, 1});
  });
}

std::string name_of_test(const ::testing::TestParamInfo<ConformanceCheck>& info) {
  std::string name(info.param.operation);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Every, ConformanceCuda, ::testing::ValuesIn(conformance_checks()),
                         name_of_test);

}  // namespace
}  // namespace reprotrain::kernels
