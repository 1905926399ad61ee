// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/conformance.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/cpu_device.h"
#include "tests/support/adversarial_parallel.h"

namespace reprotrain::kernels {
namespace {

std::string_view text_of(std::string_view file) {
  for (const GoldenFile& golden : golden_files()) {
    if (golden.name == file) return golden.text;
  }
  throw std::runtime_error("no golden file " + std::string(file));
}

TEST(Conformance, EveryPathGivesTheGoldenBitsHoweverWorkIsCut) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    const testing::AdversarialParallel parallel(7);
    const auto verdicts = run_conformance(*cpu_device(parallel));
    EXPECT_TRUE(conforms(verdicts)) << conformance_table(verdicts);
  }
}

TEST(Conformance, TheCpuOffersEveryOperator) {
  for (const OperatorVerdict& verdict : run_conformance(*cpu_device(SerialParallel()))) {
    EXPECT_EQ(verdict.verdict, Verdict::kSame) << verdict.operation;
  }
}

TEST(Conformance, NamesOfOperatorsAreDistinct) {
  std::set<std::string_view> names;
  for (const ConformanceCheck& check : conformance_checks()) names.insert(check.operation);
  EXPECT_EQ(names.size(), conformance_checks().size());
}

/// Another word of the same form: its last character changed.
std::string altered(const std::string& word) {
  std::string other = word;
  other.back() = other.back() == '0' ? '1' : '0';
  return other;
}

TEST(Conformance, FindsOneWrongDigitInTheAnswersOfEveryCheck) {
  const SerialParallel serial;
  const auto device = cpu_device(serial);
  for (const ConformanceCheck& check : conformance_checks()) {
    const std::vector<GoldenCase> cases = golden_cases(text_of(check.file), check.kind);
    for (size_t i = 0; i < cases.size() && i < 2; ++i) {
      Words actual;
      ASSERT_TRUE(check.run(*device, cases[i].inputs, actual));
      ASSERT_EQ(actual.size(), cases[i].outputs.size()) << check.operation;
      for (size_t word = 0; word < actual.size(); ++word) {
        if (actual[word] == "*") continue;
        GoldenCase planted = cases[i];
        planted.outputs[word] = altered(planted.outputs[word]);
        const OperatorVerdict verdict = judge(check, {&planted, 1}, *device);
        EXPECT_EQ(verdict.verdict, Verdict::kDiffers) << check.operation << " word " << word;
        EXPECT_NE(verdict.first_fault.find("word " + std::to_string(word)), std::string::npos);
      }
    }
  }
}

TEST(Conformance, FindsMissingAndSurplusWords) {
  const SerialParallel serial;
  const auto device = cpu_device(serial);
  const ConformanceCheck& check = conformance_checks().front();
  GoldenCase golden = golden_cases(text_of(check.file), check.kind).front();
  golden.outputs.push_back("00000000");
  EXPECT_EQ(judge(check, {&golden, 1}, *device).verdict, Verdict::kDiffers);
  golden.outputs.clear();
  EXPECT_EQ(judge(check, {&golden, 1}, *device).verdict, Verdict::kDiffers);
}

TEST(Conformance, NoKnownAnswerIsAFailure) {
  const SerialParallel serial;
  const auto device = cpu_device(serial);
  EXPECT_EQ(judge(conformance_checks().front(), {}, *device).verdict, Verdict::kDiffers);
}

class EmptyDevice final : public OperatorDevice {
 public:
  std::string name() const override { return "nothing"; }
};

TEST(Conformance, WhatIsNotOfferedIsNeverCountedAsPassed) {
  EmptyDevice device;
  const auto verdicts = run_conformance(device);
  for (const OperatorVerdict& verdict : verdicts) {
    EXPECT_EQ(verdict.verdict, Verdict::kNotOffered) << verdict.operation;
    EXPECT_EQ(verdict.n_cases, 0);
  }
  EXPECT_FALSE(conforms(verdicts));
}

class BrokenDevice final : public OperatorDevice {
 public:
  std::string name() const override { return "broken"; }
  bool elementary(std::string_view, std::span<const float>, std::span<float>) override {
    throw std::runtime_error("the device fell off the bus");
  }
};

TEST(Conformance, AFailingDeviceIsAFaultWithItsSentence) {
  BrokenDevice device;
  const auto verdicts = run_conformance(device);
  EXPECT_FALSE(conforms(verdicts));
  EXPECT_NE(conformance_table(verdicts).find("the device fell off the bus"), std::string::npos);
  EXPECT_NE(conformance_json(verdicts).find("\"conforms\": false"), std::string::npos);
}

}  // namespace
}  // namespace reprotrain::kernels
