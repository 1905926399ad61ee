// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels against the known answers that judge every other device, a check a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
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

/// Whether golden lines of this check lie beyond the blocks that a CUDA device draws.
bool has_far_cases(const ConformanceCheck& check) {
  return check.specification == "philox-v1-draft";
}

/// The cases that a device of fibers does in seconds: not those of the longest rows, whose cut into
/// chunks sliced_matmul_cuda_test.cpp tries on short ones.
std::vector<GoldenCase> cases_of(const ConformanceCheck& check) {
  std::vector<GoldenCase> cases = golden_cases(golden_text(check.file), check.kind);
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
    if (!on_host) {
      EXPECT_EQ(verdict.n_not_offered > 0, has_far_cases(check)) << verdict.n_not_offered;
    }
  });
}

std::string name_of_test(const ::testing::TestParamInfo<ConformanceCheck>& info) {
  std::string name(info.param.operation);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

TEST(CudaDevice, RefusesClassesBeforeTheyReachTheDevice) {
  const std::vector<float> outputs(6);
  std::vector<float> gradient(6), losses(2);
  for (const std::string_view name : {"cross_entropy", "binary_cross_entropy"}) {
    const int32_t n_classes = name == "cross_entropy" ? 3 : 2;
    const int64_t n_outputs = name == "cross_entropy" ? 3 : 1;
    for (const int32_t wrong : {-1, n_classes, INT32_MAX, INT32_MIN}) {
      const std::vector<int32_t> classes = {0, wrong};
      LossBatch batch;
      batch.outputs = dense_view(outputs.data(), 2, n_outputs);
      batch.classes = classes;
      float mean = 0.0f;
      EXPECT_THROW(cuda_device(0)->loss(name, batch, losses,
                                        dense_view(gradient.data(), 2, n_outputs), mean),
                   std::invalid_argument)
          << name << " " << wrong;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ConformanceCuda, ::testing::ValuesIn(conformance_checks()),
                         name_of_test);

}  // namespace
}  // namespace reprotrain::kernels
