// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/run_diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/record/run_record.h"
#include "harness/record/trace.h"
#include "tests/harness/config/config_text.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;

TraceEntry step_entry(int64_t step, const std::string& weight) {
  return {false, step, 0, "0x1p-1", "b" + std::to_string(step), {{"w", weight}, {"moment", "m"}},
          ""};
}

// A finished run of the good configuration, with made-up digests.
RunEvidence some_run() {
  RunEvidence run{RunPaths("/nonexistent/run"), {}, {}};
  run.record = {{"record_version", 1},
                {"status", "complete"},
                {"claim", {{"mode", "portable"}, {"arithmetic", {"a-v1", "b-v1"}}}},
                {"config", testing::parse_config(testing::good_config_text()).resolved},
                {"inputs", {{{"role", "source"}, {"content_id", "h5c1:00"}, {"rows", 9}}}},
                {"environment", {{"cpu", {{"model", "x"}, {"cores", 2}}}, {"libc", "glibc 2.36"}}},
                {"stages",
                 {{{"name", "data"}, {"digests", {{"table", "d0"}}}, {"counts", Json::object()}},
                  {{"name", "train"}, {"digests", {{"w", "w9"}}}, {"counts", Json::object()}}}},
                {"training", {{"steps", 3}}},
                {"outputs", {{"model/w", "o1"}, {"model/b", "o2"}}},
                {"metrics", {{"test/accuracy", {{"bits", "3fe0000000000000"}, {"value", 0.5}}}}},
                {"result_id", "rr1:00"},
                {"volatile", {{"threads", 2}, {"started", "now"}, {"host", "here"}}}};
  run.trace.entries = {step_entry(1, "w1"), step_entry(2, "w2"), step_entry(3, "w3")};
  return run;
}

bool has(const Findings& findings, const Finding& wanted) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) {
    return f.check == wanted.check && f.where == wanted.where && f.expected == wanted.expected &&
           f.actual == wanted.actual;
  });
}

TEST(RunDiff, ARunHasTheSameBitsAsItself) {
  const RunDiff diff = diff_runs(some_run(), some_run());
  EXPECT_EQ(diff.verdict(), ExitCode::kSuccess);
  EXPECT_TRUE(diff.causes.empty());
  EXPECT_TRUE(diff.effects.empty());
  EXPECT_GT(diff.n_causes_identical, 40);
  EXPECT_EQ(diff.n_effects_identical, 8)
      << "stage digest, trace, steps, 2 outputs, metric, status, id";
}

TEST(RunDiff, TimesAndHostsAreNoDifference) {
  RunEvidence other = some_run();
  other.record["volatile"]["started"] = "later";
  other.record["volatile"]["host"] = "there";
  const RunDiff diff = diff_runs(some_run(), other);
  EXPECT_TRUE(diff.causes.empty());
  EXPECT_TRUE(diff.effects.empty());
}

TEST(RunDiff, CausesAreNamedByPointerTheDecidingOnesFirst) {
  RunEvidence other = some_run();
  other.record["config"]["seed"] = 43;
  other.record["config"]["name"] = "other";
  other.record["config"]["model"]["activation"] = "relu";
  other.record["config"]["model"].erase("dropout");
  other.record["inputs"][0]["content_id"] = "h5c1:01";
  other.record["claim"]["arithmetic"] = {"b-v1", "c-v1"};
  other.record["environment"]["cpu"]["model"] = "y";
  other.record["volatile"]["threads"] = 7;
  const RunDiff diff = diff_runs(some_run(), other);
  std::vector<std::string> kinds;
  for (const Finding& cause : diff.causes) {
    if (kinds.empty() || kinds.back() != cause.check) kinds.push_back(cause.check);
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"config", "config outside of the identity", "data",
                                             "arithmetic", "environment", "threads"}));
  EXPECT_EQ(diff.causes.size(), 9u);
  EXPECT_TRUE(has(diff.causes, {"config", "/seed", "42", "43"}));
  EXPECT_TRUE(has(diff.causes, {"config", "/model/activation", "tanh", "relu"}));
  EXPECT_TRUE(has(diff.causes, {"config", "/model/dropout", "0", "(absent)"}));
  EXPECT_TRUE(has(diff.causes, {"config outside of the identity", "/name", "digits", "other"}));
  EXPECT_TRUE(has(diff.causes, {"data", "/source/content_id", "h5c1:00", "h5c1:01"}));
  EXPECT_TRUE(has(diff.causes, {"arithmetic", "a-v1", "used", "not used"}));
  EXPECT_TRUE(has(diff.causes, {"arithmetic", "c-v1", "not used", "used"}));
  EXPECT_TRUE(has(diff.causes, {"environment", "/cpu/model", "x", "y"}));
  EXPECT_TRUE(has(diff.causes, {"threads", "/volatile/threads", "2", "7"}));
  EXPECT_EQ(diff.verdict(), ExitCode::kSuccess) << "causes alone are no difference of bits";
}

TEST(RunDiff, EffectsNameTheFirstDifferingStepAndTensor) {
  RunEvidence other = some_run();
  other.trace.entries[1].tensors[0].second = "w2'";
  other.trace.entries[2].tensors[0].second = "w3'";
  other.record["outputs"]["model/w"] = "o1'";
  other.record["metrics"]["test/accuracy"]["bits"] = "3fe0000000000001";
  other.record["result_id"] = "rr1:01";
  const RunDiff diff = diff_runs(some_run(), other);
  EXPECT_EQ(diff.verdict(), ExitCode::kBitsDiffer);
  ASSERT_EQ(diff.effects.size(), 4u);
  EXPECT_NE(diff.effects[0].where.find("step 2"), std::string::npos) << diff.effects[0].where;
  EXPECT_NE(diff.effects[0].where.find("tensor w"), std::string::npos) << diff.effects[0].where;
  EXPECT_EQ(diff.effects[0].expected, "w2");
  EXPECT_EQ(diff.effects[0].actual, "w2'");
  EXPECT_EQ(diff.n_effects_identical, 4);
}

TEST(RunDiff, TracesWithOtherStridesAreComparedWhereBothHaveSteps) {
  RunEvidence other = some_run();
  other.trace.entries.erase(other.trace.entries.begin() + 1);
  EXPECT_EQ(diff_runs(some_run(), other).verdict(), ExitCode::kSuccess);
  other.trace.entries[1].loss = "0x1p-2";
  const RunDiff diff = diff_runs(some_run(), other);
  ASSERT_EQ(diff.effects.size(), 1u);
  EXPECT_NE(diff.effects[0].where.find("step 3"), std::string::npos) << diff.effects[0].where;
}

TEST(RunDiff, TheTextCountsWhatDiffersAndWhatIsIdentical) {
  RunDiff diff;
  diff.causes = {{"config", "/seed", "1", "2"}};
  diff.effects = {{"metrics", "test/accuracy", "0.5", ""},
                  {"result", "result_id", "rr1:0", "rr1:1"}};
  diff.n_causes_identical = 40;
  diff.n_effects_identical = 3;
  EXPECT_EQ(run_diff_text(diff),
            "Candidate causes\n"
            "  config\n"
            "    /seed\n"
            "      A: 1\n"
            "      B: 2\n"
            "  1 differs, 40 identical\n"
            "\n"
            "Observed effects\n"
            "  metrics\n"
            "    test/accuracy\n"
            "      A: 0.5\n"
            "      B: \"\"\n"
            "  result\n"
            "    result_id\n"
            "      A: rr1:0\n"
            "      B: rr1:1\n"
            "  2 differ, 3 identical\n"
            "\n"
            "The runs have different bits.\n");
  const Json json = run_diff_json(diff);
  EXPECT_EQ(json["same_bits"], false);
  EXPECT_EQ(json["causes"][0],
            Json({{"kind", "config"}, {"where", "/seed"}, {"a", "1"}, {"b", "2"}}));
}

class RunDiffOnDisk : public ::testing::Test {
 protected:
  std::string write_run(const std::string& name) const {
    const RunPaths paths(directory_.file(name));
    fs::create_directories(paths.result);
    const RunEvidence run = some_run();
    write_record(run.record, paths.record);
    TraceWriter writer(paths.trace, 0, "");
    engine::StepReport report;
    report.step = 1;
    report.traced = true;
    report.batch_digest = "b1";
    report.tensors = {{"w", "w1"}};
    writer.append_step(report);
    writer.flush();
    return paths.root;
  }

  reprotrain::testing::TemporaryDirectory directory_;
};

TEST_F(RunDiffOnDisk, TwoDirectoriesOfTheSameRunHaveTheSameBits) {
  EXPECT_EQ(diff_runs(write_run("a"), write_run("b")).verdict(), ExitCode::kSuccess);
}

TEST_F(RunDiffOnDisk, DamagedEvidenceIsRefused) {
  const std::string a = write_run("a");
  const std::string b = write_run("b");
  std::ofstream(RunPaths(b).trace, std::ios::app) << "{\"step\": 2}\n";
  EXPECT_THROW(diff_runs(a, b), Error) << "a trace whose chain is broken";
  const std::string c = write_run("c");
  std::ofstream(RunPaths(c).record, std::ios::app) << "x";
  try {
    diff_runs(a, c);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kInvalidEvidence);
  }
}

}  // namespace
}  // namespace reprotrain::harness
