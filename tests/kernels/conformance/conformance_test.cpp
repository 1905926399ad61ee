// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/conformance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/cpu_device.h"
#include "tests/support/adversarial_parallel.h"

namespace reprotrain::kernels {
namespace {

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
    const std::vector<GoldenCase> cases = golden_cases(golden_text(check.file), check.kind);
    for (size_t i = 0; i < cases.size() && i < 2; ++i) {
      Words actual;
      ASSERT_TRUE(check.run(*device, cases[i].inputs, actual));
      ASSERT_EQ(actual.size(), cases[i].outputs.size()) << check.operation;
      for (size_t word = 0; word < actual.size(); ++word) {
        if (actual[word] == kNotCompared) continue;
        GoldenCase planted = cases[i];
        planted.outputs[word] = altered(planted.outputs[word]);
        const OperatorVerdict verdict = judge(check, {&planted, 1}, *device);
        EXPECT_EQ(verdict.verdict, Verdict::kDiffers) << check.operation << " word " << word;
        EXPECT_NE(verdict.first_fault.find("word " + std::to_string(word)), std::string::npos);
      }
    }
  }
}

const ConformanceCheck& check_of(std::string_view operation) {
  for (const ConformanceCheck& check : conformance_checks()) {
    if (check.operation == operation) return check;
  }
  throw std::runtime_error("no check of " + std::string(operation));
}

TEST(Conformance, FindsMissingAndSurplusWords) {
  const SerialParallel serial;
  const auto device = cpu_device(serial);
  const ConformanceCheck& check = conformance_checks().front();
  GoldenCase golden = golden_cases(golden_text(check.file), check.kind).front();
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
    EXPECT_GT(verdict.n_not_offered, 0);
  }
  EXPECT_FALSE(conforms(verdicts));
}

/// Offers the front of a random stream only, all zeros, and nothing else.
class ShortDevice final : public OperatorDevice {
 public:
  std::string name() const override { return "short"; }
  bool random_blocks(RandomStream, uint64_t first_block, std::span<PhiloxBlock>) override {
    return first_block == 0;
  }
};

TEST(Conformance, CasesThatAreNotOfferedAreCountedAndShown) {
  const ConformanceCheck& check = check_of("philox");
  const std::vector<GoldenCase> all = golden_cases(golden_text(check.file), check.kind);
  GoldenCase front = all.front(), far = all.front();
  front.inputs[0] = front.inputs[1] = "0";
  front.outputs.assign(4, "00000000");
  far.inputs[1] = "1";
  ShortDevice device;
  const GoldenCase cases[] = {far, front, far};
  const OperatorVerdict verdict = judge(check, cases, device);
  EXPECT_EQ(verdict.verdict, Verdict::kSame) << verdict.first_fault;
  EXPECT_EQ(verdict.n_cases, 1);
  EXPECT_EQ(verdict.n_not_offered, 2);
  EXPECT_NE(conformance_table({&verdict, 1}).find("same bits, 2 not offered\n"), std::string::npos);
  EXPECT_NE(conformance_json({&verdict, 1}).find("\"not_offered\": 2,"), std::string::npos);
}

class BrokenDevice final : public OperatorDevice {
 public:
  std::string name() const override { return "broken"; }
  bool elementary(std::string_view, std::span<const float>, std::span<float>) override {
    throw std::runtime_error("the device fell off the bus");
  }
};

TEST(Conformance, AFailingDeviceIsAnErrorAndNoDifference) {
  BrokenDevice device;
  const auto verdicts = run_conformance(device);
  ASSERT_EQ(verdicts.size(), 1u) << "nothing runs on a device that failed";
  EXPECT_EQ(verdicts[0].verdict, Verdict::kFailed);
  EXPECT_EQ(verdicts[0].n_cases, 0);
  EXPECT_EQ(verdicts[0].n_wrong, 0);
  EXPECT_FALSE(conforms(verdicts));
  const std::string sentence = failure_among(verdicts);
  EXPECT_EQ(sentence.rfind("broken failed at exp of ", 0), 0u) << sentence;
  EXPECT_NE(sentence.find(": the device fell off the bus"), std::string::npos) << sentence;
  EXPECT_EQ(conformance_table(verdicts).find("DIFFER"), std::string::npos);
  const std::string json = conformance_json(verdicts);
  EXPECT_NE(json.find("\"conforms\": false"), std::string::npos);
  EXPECT_NE(json.find("\"verdict\": \"failed\""), std::string::npos);
  EXPECT_NE(json.find("the device fell off the bus\"}"), std::string::npos);
}

TEST(Conformance, AFailureAfterADifferenceIsStillAnError) {
  /// One wrong answer, then it fails.
  class WrongThenBroken final : public OperatorDevice {
   public:
    std::string name() const override { return "worn"; }
    bool elementary(std::string_view, std::span<const float>, std::span<float> y) override {
      if (n_calls_++ > 0) throw std::runtime_error("worn out");
      std::fill(y.begin(), y.end(), -7.0f);
      return true;
    }

   private:
    int n_calls_ = 0;
  } device;
  const auto verdicts = run_conformance(device);
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].verdict, Verdict::kFailed);
  EXPECT_EQ(verdicts[0].n_wrong, 1);
  EXPECT_FALSE(verdicts[0].first_fault.empty());
}

TEST(Conformance, NothingFailedNoSentence) {
  EmptyDevice device;
  EXPECT_EQ(failure_among(run_conformance(device)), "");
}

}  // namespace
}  // namespace reprotrain::kernels
