// SPDX-License-Identifier: Apache-2.0
#include "harness/record/recorded_run.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "engine/data/atomic_file.h"
#include "harness/record/canonical_json.h"
#include "harness/record/environment.h"
#include "harness/record/library_record.h"
#include "harness/record/result_id.h"
#include "harness/record/run_record.h"
#include "harness/record/run_recorder.h"
#include "include/reprotrain/arithmetic_ids.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_state.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::harness {

namespace {

using Json = nlohmann::json;

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string absolute_path(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string digest_of(const Json& json) { return kernels::sha256_hex(canonical_json(json)); }

/// What binds checkpoints to a configuration: its identity keys and the arithmetic of this build.
std::string origin_digest(const RunConfig& config) {
  return digest_of({{"config", identity_part(config.resolved)},
                    {"arithmetic", arithmetic_ids(config.numerics.products(), config.model.type)}});
}

/// Builds run.json as the run proceeds.
class RecordBuilder {
 public:
  RecordBuilder(const RunConfig& config, const RunPaths& paths, const engine::ComputeDevice& device)
      : paths_(paths), device_(device), start_(std::chrono::steady_clock::now()) {
    record_ = {
        {"record_version", kRecordVersion},
        {"status", "running"},
        {"claim",
         {{"mode", config.numerics.mode},
          {"arithmetic", arithmetic_ids(config.numerics.products(), config.model.type)},
          {"meaning", config.numerics.is_portable()
                          ? "the same bits on any 64-bit little-endian machine"
                          : "the same bits on any device with the key in member libraries"}}},
        {"config", config.resolved},
        {"config_sha256", digest_of(config.resolved)},
        {"identity_sha256", digest_of(identity_part(config.resolved))},
        {"seeds", {{"root", config.seed}, {"generator", "philox4x32-10"}}},
        {"environment", with_valid_utf8(environment_json())},
        {"volatile",
         {{"started", utc_now()}, {"host", with_valid_utf8(host_name())}, {"pid", ::getpid()}}}};
  }

  void write_partial(const std::string& status, const std::string& reason = {}) {
    record_["status"] = status;
    add_libraries();
    if (!reason.empty()) record_["reason"] = reason;
    write_record(record_, paths_.partial_record);
  }

  /// What both finished and failed runs have.
  void add_inputs(const engine::RunResult& result) {
    Json inputs = Json::array();
    for (const auto& input : result.inputs) {
      inputs.push_back({{"role", input.role},
                        {"content_id", input.content_id},
                        {"file_sha256", input.file_sha256},
                        {"size_bytes", input.size_bytes},
                        {"rows", input.n_rows}});
      record_["volatile"]["paths"][input.role] = with_valid_utf8(absolute_path(input.path));
    }
    record_["inputs"] = inputs;
    record_["splits"] = result.splits;
  }

  void add_result(const engine::RunResult& result) {
    record_["outputs"] = result.outputs;
    record_["metrics"] = metrics_json(result.metrics);
    record_["training"] = {{"steps", result.training.steps},
                           {"epochs", result.training.epochs},
                           {"best_epoch", result.training.best_epoch}};
    record_["result_id"] = result_id(result_id_inputs(record_));
    engine::write_file_atomically(paths_.metrics, pretty_json(metrics_file(result)));
  }

  void add_failure(const engine::DivergedError& error) {
    record_["failure"] = {{"step", error.step()},
                          {"loss", hex_float(static_cast<double>(error.loss()))},
                          {"reason", error.what()}};
    record_["result_id"] = nullptr;
  }

  /// Writes run.json; the partial record then goes.
  Json finish(const std::string& status, RunRecorder& recorder) {
    record_["status"] = status;
    add_libraries();
    record_["stages"] = recorder.stages();
    record_["trace"] = recorder.trace_summary();
    record_["files"] = result_file_digests(paths_);
    Json& unstable = record_["volatile"];
    unstable["finished"] = utc_now();
    unstable["device"] = device_.name();
    const auto details = device_.details();
    if (!details.empty()) unstable["device_details"] = details;
    unstable["threads"] = device_.host_threads().n_threads();
    unstable["stage_seconds"] = recorder.stage_seconds();
    unstable["wall_seconds"] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    write_record(record_, paths_.record);
    std::filesystem::remove(paths_.partial_record);
    return read_record(paths_.record);
  }

 private:
  void add_libraries() {
    const auto report = device_.library_report();
    if (report) record_["libraries"] = with_valid_utf8(libraries_json(*report));
  }

  RunPaths paths_;
  const engine::ComputeDevice& device_;
  std::chrono::steady_clock::time_point start_;
  Json record_;
};

}  // namespace

engine::RunRequest run_request(const RunConfig& config, const RunPaths& paths) {
  engine::RunRequest request;
  request.seed = config.seed;
  request.data = config.data;
  request.features = config.features;
  request.model = config.model;
  request.train = config.train;
  request.config_digest = origin_digest(config);
  request.result_directory = paths.result;
  request.checkpoint_directory = paths.checkpoints;
  request.export_features = config.output.features;
  request.strides = {config.output.trace_stride, config.output.checkpoint_stride};
  request.checkpoints_kept = config.output.checkpoints_kept;
  return request;
}

void require_resumable(const RunConfig& config, const RunPaths& paths) {
  if (!std::filesystem::exists(paths.config)) return;
  const Json old = Json::parse(engine::read_file(paths.config), nullptr, false);
  if (!old.is_object()) {
    throw Error(ErrorKind::kEvidence,
                paths.config + ": is no configuration; it was damaged; start over with --force");
  }
  Json before = identity_part(old);
  Json now = identity_part(config.resolved);
  // Not part of the identity, but one trace has one stride.
  before["output"]["trace_stride"] = old.value("/output/trace_stride"_json_pointer, Json());
  now["output"]["trace_stride"] = config.output.trace_stride;
  const Json changes = Json::diff(before, now);
  if (changes.empty()) return;
  std::string keys;
  for (const Json& change : changes) {
    keys += (keys.empty() ? "" : ", ") + change.at("path").get<std::string>();
  }
  throw Error(ErrorKind::kConfig, paths.config + ": the run was begun with other values of " +
                                      keys +
                                      "; resume with the original ones or start over with --force");
}

Json run_and_record(const RunConfig& config, RunDirectory& directory, engine::ComputeDevice& device,
                    engine::RunObserver& progress) {
  const kernels::StrictFloatScope strict;  // numbers become text and back here, too
  const RunPaths& paths = directory.paths();
  if (directory.has_begun()) require_resumable(config, paths);
  engine::write_file_atomically(paths.config, canonical_json(config.resolved));

  RecordBuilder record(config, paths, device);
  RunRecorder recorder(paths, config.output.log_level, progress);
  // With a checkpoint goes what computed it, for a --resume to go on with.
  if (device.library_report())
    recorder.before_checkpoint = [&] { record.write_partial("running"); };
  record.write_partial("running");
  engine::RunResult result;
  try {
    engine::RunRequest request = run_request(config, paths);
    request.resume = directory.has_begun();
    engine::execute_run(request, device, recorder, result);
    record.add_inputs(result);
    record.add_result(result);
    directory.settle();
    return record.finish("complete", recorder);
  } catch (const engine::DivergedError& error) {
    recorder.log().error("{}", error.what());
    record.add_inputs(result);
    record.add_failure(error);
    directory.settle();
    record.finish("failed", recorder);
    throw;
  } catch (const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    const bool interrupted = known != nullptr && known->kind() == ErrorKind::kInterrupted;
    try {
      recorder.log().error("{}", error.what());
      if (!interrupted && !recorder.has_trained()) {
        directory.give_up();
      } else {
        directory.settle();
        record.write_partial(interrupted ? "interrupted" : "stopped", error.what());
      }
    } catch (const std::exception&) {
      // The disk or the memory may be what failed; the first sentence is the one that helps.
    }
    throw;
  }
}

}  // namespace reprotrain::harness
