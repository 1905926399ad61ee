// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/verify.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "engine/device/cpu_threads.h"
#include "engine/device/device_choice.h"
#include "engine/train/trainer.h"
#include "harness/record/library_record.h"
#include "harness/record/recorded_run.h"
#include "harness/record/run_record.h"
#include "harness/verify/comparison.h"
#include "harness/verify/evidence_checks.h"
#include "include/reprotrain/arithmetic_ids.h"
#include "kernels/base/float_state.h"

namespace reprotrain::harness {

namespace fs = std::filesystem;

namespace {

/// A directory of its own under the system's temporary one, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::error_code code;
    std::string pattern = (fs::temp_directory_path(code) / "reprotrain-verify-XXXXXX").string();
    if (code || ::mkdtemp(pattern.data()) == nullptr) {
      throw Error(ErrorKind::kEnvironment, pattern +
                                               ": cannot create a temporary directory; point "
                                               "TMPDIR at a place you may write to");
    }
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void require_decidable(const RunEvidence& evidence) {
  const auto claim = evidence.record.value("claim", nlohmann::json::object());
  const std::string mode = claim.value("mode", "");
  if (mode != "portable" && mode != "device") {
    throw Error(ErrorKind::kInconclusive, evidence.paths.record + ": claims mode \"" + mode +
                                              "\", which this build cannot re-execute; use the "
                                              "version that wrote it");
  }
  const auto known = known_arithmetic_ids();
  for (const auto& id : claim.value("arithmetic", nlohmann::json::array())) {
    if (std::find(known.begin(), known.end(), id.get<std::string>()) == known.end()) {
      throw Error(ErrorKind::kInconclusive, evidence.paths.record + ": used arithmetic " +
                                                id.dump() +
                                                ", which this build does not have; use the version "
                                                "that wrote it");
    }
  }
}

RunConfig config_of(const RunEvidence& evidence, const VerifyOptions& options) {
  RunConfig config = recorded_config(evidence.record, evidence.paths.root);
  config.runtime.device = options.device;
  config.runtime.threads = options.threads;
  config.output.features = fs::exists(evidence.paths.features);
  // Checkpoints of a re-execution serve nobody.
  config.output.checkpoint_stride = 0;
  return config;
}

/// The device for a run with portable products, or one whose libraries give the recorded bits.
std::unique_ptr<engine::ComputeDevice> open_same_device(const RunConfig& config,
                                                        const RunEvidence& evidence,
                                                        const engine::CpuThreads& threads,
                                                        engine::RunObserver& progress) {
  const engine::Note note = [&progress](std::string_view text) { progress.note(text); };
  const std::string& path = evidence.paths.record;
  const auto recorded = recorded_libraries(evidence.record, path);
  const auto request = library_request(config, recorded, /*only_recorded=*/true);
  if (!request) return engine::open_device(config.runtime.device, 0, threads, request, note);
  const auto inconclusive = [&](const std::string& reason) {
    return Error(ErrorKind::kInconclusive,
                 path + ": cannot be verified here: " + reason +
                     "; verify it on a device with the recorded key, or make a run with "
                     "numerics.mode portable, which any machine can verify");
  };
  std::unique_ptr<engine::ComputeDevice> device;
  try {
    device = engine::open_device(config.runtime.device, 0, threads, request, note);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) throw;
    throw inconclusive(error.what());
  }
  const std::string difference = key_difference(recorded, *device);
  if (!difference.empty())
    throw inconclusive("this is another kind of device (" + difference + ")");
  return device;
}

RunEvidence execute_again(const RunConfig& config, const RunEvidence& recorded,
                          const std::string& directory, engine::RunObserver& progress) {
  const engine::CpuThreads threads(config.runtime.threads);
  const auto device = open_same_device(config, recorded, threads, progress);
  RunDirectory run(directory, OpenMode::kNew);
  try {
    run_and_record(config, run, *device, progress);
  } catch (const engine::DivergedError&) {
    // Leaves a record with status "failed": for a recorded failure that is the expected result.
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kInterrupted, "the verification was interrupted; nothing was decided");
  }
  return read_evidence(directory);
}

VerifyReport judge(const VerifyOptions& options, engine::RunObserver& progress) {
  const RunEvidence recorded = read_evidence(options.run_directory);
  VerifyReport report;
  const auto id = recorded.record.value("result_id", nlohmann::json());
  if (id.is_string()) report.recorded_result_id = id.get<std::string>();
  report.findings = check_evidence(recorded);
  if (!report.findings.empty()) {
    report.verdict = ExitCode::kInvalidEvidence;
    return report;
  }
  if (options.evidence_only) return report;

  require_decidable(recorded);
  RunConfig config = config_of(recorded, options);
  locate_inputs(recorded, options.inputs, config);

  const TemporaryDirectory temporary;
  const RunEvidence actual = execute_again(config, recorded, temporary.path() + "/run", progress);
  report.executed = true;
  report.findings = compare_runs(recorded, actual);
  report.n_steps_compared =
      static_cast<int64_t>(std::count_if(actual.trace.entries.begin(), actual.trace.entries.end(),
                                         [](const TraceEntry& entry) { return !entry.epoch_end; }));
  const auto actual_id = actual.record.value("result_id", nlohmann::json());
  if (actual_id.is_string()) report.actual_result_id = actual_id.get<std::string>();
  report.verdict = report.findings.empty() ? ExitCode::kSuccess : ExitCode::kBitsDiffer;
  return report;
}

}  // namespace

VerifyReport verify_run(const VerifyOptions& options, engine::RunObserver& progress) {
  const kernels::StrictFloatScope strict;
  try {
    return judge(options, progress);
  } catch (const nlohmann::json::exception& error) {
    // The record's digest may hold while a member that every record has is missing.
    throw Error(ErrorKind::kEvidence, RunPaths(options.run_directory).record +
                                          ": a member is missing or has another type (" +
                                          error.what() + "); the record was damaged or edited");
  }
}

}  // namespace reprotrain::harness
