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
constexpr std::string_view kHostOnly[] = {"cospi_unit",
                                          "power_of",
                                          "schedule",
                                          "exact_sum_of_products",
                                          "column_order",
                                          "column_order/long",
                                          "split",
                                          "class_weights",
                                          "impute_median",
                                          "impute_most_frequent",
                                          "metrics of classes",
                                          "metrics of numbers"};

/// Whether golden lines of this check lie beyond the blocks that a CUDA device draws.
bool has_far_cases(const ConformanceCheck& check) {
  return check.specification == "philox-v1-draft";
}

using Cases = std::vector<GoldenCase>;

/// What each run of a check does. All cases, again and again; where fibers need a second for a case
/// of very many operations, so many parts of them that every case has a schedule of its own.
std::vector<Cases> cases_of_runs(const ConformanceCheck& check, uint64_t n_runs) {
  const Cases cases = golden_cases(golden_text(check.file), check.kind);
#if defined(REPROTRAIN_EMULATED_CUDA)
  const bool is_long = check.file == "large_products.kat" ||
                       check.kind.find("_periodic") != std::string_view::npos ||
                       check.operation.find("epilogue") != std::string_view::npos;
  if (is_long) {
    std::vector<Cases> runs(n_runs);
    for (size_t i = 0; i < std::max<size_t>(n_runs, cases.size()); ++i) {
      runs[i % n_runs].push_back(cases[i % cases.size()]);
    }
    return runs;
  }
#endif
  return std::vector<Cases>(n_runs, cases);
}

class ConformanceCuda : public ::testing::TestWithParam<ConformanceCheck> {};

TEST_P(ConformanceCuda, GivesTheGoldenBits) {
  const ConformanceCheck& check = GetParam();
  const bool is_offered =
      std::count(std::begin(kHostOnly), std::end(kHostOnly), check.operation) == 0;
  const uint64_t n_runs = testing::n_schedules_wanted(5);
  ASSERT_GT(n_runs, 0u);
  const std::vector<Cases> runs = cases_of_runs(check, n_runs);
  auto run = runs.begin();
  testing::for_each_schedule([&] {
    const auto device = cuda_device(0);
    const OperatorVerdict verdict = judge(check, *run++, *device);
    ASSERT_EQ(verdict.verdict, is_offered ? Verdict::kSame : Verdict::kNotOffered)
        << conformance_table({&verdict, 1});
    if (is_offered) {
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
