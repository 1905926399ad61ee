// SPDX-License-Identifier: Apache-2.0
// Writes down what the engine reports: log, trace and stages.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/run_observer.h"
#include "harness/record/run_directory.h"
#include "harness/record/trace.h"

namespace spdlog {
class logger;
}

namespace reprotrain::harness {

/// Forwards every report to `next` (progress), which also answers stop_requested().
class RunRecorder final : public engine::RunObserver {
 public:
  RunRecorder(const RunPaths& paths, const std::string& log_level, engine::RunObserver& next);
  ~RunRecorder() override;

  void stage_started(std::string_view name) override;
  void stage_finished(const engine::StageReport& report) override;
  void training_started(int64_t first_step, int64_t total_steps, const std::string& mark) override;
  void step_finished(const engine::StepReport& report) override;
  void epoch_finished(const engine::EpochReport& report) override;
  std::string checkpoint_due(int64_t step) override;
  void checkpoint_written(int64_t step, const std::string& directory) override;
  void note(std::string_view text) override;
  bool stop_requested() override;

  /// [{"name", "digests": {...}, "counts": {...}}, ...] of the finished stages.
  const nlohmann::json& stages() const { return stages_; }
  /// Wall time of each stage: {"train": 12.3, ...}. Never part of an identity.
  const nlohmann::json& stage_seconds() const { return stage_seconds_; }
  /// {"head": chain value, "digest": id of the steps' digests}; null before training has started.
  nlohmann::json trace_summary();
  /// True once a step is done, in this process or before.
  bool has_trained() const { return has_trained_; }
  spdlog::logger& log() { return *log_; }

  /// Called before each checkpoint, if it is set.
  std::function<void()> before_checkpoint;

 private:
  RunPaths paths_;
  engine::RunObserver& next_;
  std::shared_ptr<spdlog::logger> log_;
  std::unique_ptr<TraceWriter> trace_;
  nlohmann::json stages_ = nlohmann::json::array();
  nlohmann::json stage_seconds_ = nlohmann::json::object();
  double stage_start_seconds_ = 0.0;
  bool has_trained_ = false;
};

}  // namespace reprotrain::harness
