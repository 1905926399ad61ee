// SPDX-License-Identifier: Apache-2.0
// Every check of the list passes on a sound run and catches a fault planted for it alone.
#include "harness/verify/evidence_checks.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "engine/data/atomic_file.h"
#include "harness/cli/progress.h"
#include "harness/record/recorded_run.h"
#include "harness/record/run_record.h"
#include "tests/support/serial_device.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"({
  "config_version": 1, "name": "tiny", "seed": 1,
  "data": {"source": "tiny.csv", "target": "y", "split": {"test": 0.25}},
  "model": {"type": "linear_regression"},
  "train": {"epochs": 2, "batch_size": 4, "loss": {"type": "mse"}, "optimizer": {"type": "sgd"}}
})";

/// A run of a few steps in `folder`/run.
std::string make_run(const std::string& folder) {
  std::ofstream table(folder + "/tiny.csv");
  table << "x,y\n";
  for (int row = 0; row < 16; ++row) table << row << ',' << 2 * row + 1 << '\n';
  table.close();
  std::ofstream(folder + "/tiny.json") << kConfig;
  RunDirectory directory(folder + "/run", OpenMode::kNew);
  Progress progress(ProgressStyle::kNone, stderr);
  run_and_record(load_run_config(folder + "/tiny.json"), directory, testing::serial_device(),
                 progress);
  return directory.paths().root;
}

/// Changes the record and signs it again, as a careful forger would.
void edit_record(const RunPaths& paths, const std::function<void(nlohmann::json&)>& edit) {
  nlohmann::json record = read_record(paths.record);
  edit(record);
  record["files"] = result_file_digests(paths);
  write_record(record, paths.record);
}

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

/// check -> a fault that this check must report.
const std::map<std::string, std::function<void(const RunPaths&)>>& planted_faults() {
  static const std::map<std::string, std::function<void(const RunPaths&)>> kFaults = {
      {"config", [](const RunPaths& paths) { append(paths.config, " "); }},
      {"claim",
       [](const RunPaths& paths) {
         edit_record(paths, [](nlohmann::json& record) { record["claim"]["mode"] = "device"; });
       }},
      {"files", [](const RunPaths& paths) { append(paths.predictions, "x"); }},
      {"trace",
       [](const RunPaths& paths) {
         const std::string text = engine::read_file(paths.trace);
         fs::resize_file(paths.trace, text.rfind('\n', text.size() - 2) + 1);
         edit_record(paths, [](nlohmann::json&) {});
       }},
      {"metrics",
       [](const RunPaths& paths) {
         edit_record(paths,
                     [](nlohmann::json& record) { record["metrics"]["test/rmse"]["value"] = 0.0; });
       }},
      {"outputs",
       [](const RunPaths& paths) {
         edit_record(paths, [](nlohmann::json& record) {
           record["outputs"]["model/parameters/layer0/bias"] = "tensor1:" + std::string(64, '0');
         });
       }},
      {"result_id",
       [](const RunPaths& paths) {
         edit_record(paths, [](nlohmann::json& record) {
           record["result_id"] = "rr1:" + std::string(64, '0');
         });
       }},
  };
  return kFaults;
}

TEST(EvidenceChecks, SoundRunHasNoFindings) {
  const testing::TemporaryDirectory folder;
  EXPECT_TRUE(check_evidence(read_evidence(make_run(folder.file("")))).empty());
}

TEST(EvidenceChecks, AClaimIsThatOfItsConfigurationInEveryPart) {
  const std::vector<std::function<void(nlohmann::json&)>> faults = {
      [](nlohmann::json& record) { record["claim"].erase("mode"); },
      [](nlohmann::json& record) { record["claim"]["meaning"] = "the same bits"; },
      [](nlohmann::json& record) {
        record["libraries"] = {{"key", {{"cublaslt", "1"}}},
                               {"algorithms", nlohmann::json::object()}};
      }};
  for (const auto& fault : faults) {
    const testing::TemporaryDirectory folder;
    const std::string run = make_run(folder.file(""));
    edit_record(RunPaths(run), fault);
    const Findings findings = check_evidence(read_evidence(run));
    ASSERT_FALSE(findings.empty());
    EXPECT_EQ(findings.front().check, "claim");
  }
}

TEST(EvidenceChecks, EveryCheckCatchesItsPlantedFault) {
  for (const EvidenceCheck& check : evidence_checks()) {
    SCOPED_TRACE(check.name);
    const auto fault = planted_faults().find(check.name);
    ASSERT_NE(fault, planted_faults().end()) << "a check needs a planted fault";
    const testing::TemporaryDirectory folder;
    const std::string run = make_run(folder.file(""));

    fault->second(RunPaths(run));

    const Findings findings = check.run(read_evidence(run));
    ASSERT_FALSE(findings.empty());
    EXPECT_EQ(findings.front().check, check.name);
    EXPECT_NE(findings.front().expected, findings.front().actual);
  }
}

}  // namespace
}  // namespace reprotrain::harness
