// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_recorder.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "include/reprotrain/error.h"
#include "kernels/digest/tile_digest.h"

namespace reprotrain::harness {

namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::shared_ptr<spdlog::logger> open_log(const std::string& path, const std::string& level) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    auto log = std::make_shared<spdlog::logger>("run", sink);
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    log->set_level(spdlog::level::from_str(level));
    log->flush_on(spdlog::level::info);
    return log;
  } catch (const spdlog::spdlog_ex&) {
    throw Error(ErrorKind::kEnvironment,
                path + ": cannot open the log; choose an --out you may write to");
  }
}

}  // namespace

RunRecorder::RunRecorder(const RunPaths& paths, const std::string& log_level,
                         engine::RunObserver& next)
    : paths_(paths), next_(next), log_(open_log(paths.log, log_level)) {}

RunRecorder::~RunRecorder() { log_->flush(); }

void RunRecorder::stage_started(std::string_view name) {
  stage_start_seconds_ = now_seconds();
  log_->info("stage {} started", name);
  next_.stage_started(name);
}

void RunRecorder::stage_finished(const engine::StageReport& report) {
  nlohmann::json digests = nlohmann::json::object();
  for (const auto& [name, digest] : report.digests) digests[name] = digest;
  nlohmann::json counts = nlohmann::json::object();
  for (const auto& [name, count] : report.counts) counts[name] = count;
  log_->info("stage {} finished: {} {}", report.name, counts.dump(), digests.dump());
  stages_.push_back({{"name", report.name}, {"digests", digests}, {"counts", counts}});
  stage_seconds_[report.name] = now_seconds() - stage_start_seconds_;
  next_.stage_finished(report);
}

void RunRecorder::training_started(int64_t first_step, int64_t total_steps,
                                   const std::string& mark) {
  log_->info("training from step {} of {}", first_step, total_steps);
  trace_ = std::make_unique<TraceWriter>(paths_.trace, first_step, mark);
  has_trained_ = first_step > 0;
  next_.training_started(first_step, total_steps, mark);
}

void RunRecorder::step_finished(const engine::StepReport& report) {
  has_trained_ = has_trained_ || report.step > 0;
  if (report.traced) {
    trace_->append_step(report);
    log_->debug("step {} epoch {} loss {}", report.step, report.epoch,
                hex_float(static_cast<double>(report.loss)));
  }
  next_.step_finished(report);
}

void RunRecorder::epoch_finished(const engine::EpochReport& report) {
  trace_->append_epoch(report);
  trace_->flush();
  std::string validation;
  for (const auto& [name, value] : report.validation) {
    validation += fmt::format(" {}={:.6g}", name, value);
  }
  log_->info("epoch {} finished: step {} train_loss={:.6g}{}{}", report.epoch + 1, report.step,
             report.train_loss, validation, report.improved ? " (best)" : "");
  next_.epoch_finished(report);
}

std::string RunRecorder::checkpoint_due(int64_t step) {
  trace_->sync();
  if (before_checkpoint) before_checkpoint();
  next_.checkpoint_due(step);
  return trace_->head();
}

void RunRecorder::checkpoint_written(int64_t step, const std::string& directory) {
  log_->info("checkpoint of step {} in {}", step, directory);
  next_.checkpoint_written(step, directory);
}

void RunRecorder::note(std::string_view text) {
  log_->warn("{}", text);
  next_.note(text);
}

bool RunRecorder::stop_requested() { return next_.stop_requested(); }

nlohmann::json RunRecorder::trace_summary() {
  if (!trace_) return nullptr;
  trace_->flush();
  return {{"head", trace_->head()}, {"digest", kernels::kTileDigestId}};
}

}  // namespace reprotrain::harness
