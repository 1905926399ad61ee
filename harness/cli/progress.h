// SPDX-License-Identifier: Apache-2.0
// How a run shows that it is alive: a bar, plain lines, JSON lines, or nothing.
#pragma once

#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "engine/run_observer.h"

namespace reprotrain::harness {

enum class ProgressStyle {
  kBar,    ///< one line that is redrawn, for a terminal
  kLines,  ///< a plain line every few seconds, for logs
  kJson,   ///< one JSON object per line, each with a member "event"
  kNone,
};

/// "auto" becomes kBar when `stream` is a terminal, else kLines; also "json" and "none".
/// Throws Error(kUsage) for another word.
ProgressStyle progress_style(std::string_view word, std::FILE* stream);

/// Whether a command line asks for JSON events. Looks at the words alone, so that also an error in
/// the command line itself can be one.
bool asks_for_json(std::span<const char* const> arguments);

/// The event that a command which fails ends with, as one line; bytes that are no UTF-8 are replaced.
std::string error_event(int exit_code, std::string_view sentence);

/// Writes to `stream` (stderr in the program), never more often than its style bears.
class Progress final : public engine::RunObserver {
 public:
  Progress(ProgressStyle style, std::FILE* stream);
  ~Progress() override;

  void stage_started(std::string_view name) override;
  void stage_finished(const engine::StageReport& report) override;
  void training_started(int64_t first_step, int64_t total_steps, const std::string& mark) override;
  void step_finished(const engine::StepReport& report) override;
  void epoch_finished(const engine::EpochReport& report) override;
  std::string checkpoint_due(int64_t step) override;
  void checkpoint_written(int64_t step, const std::string& directory) override;
  void note(std::string_view text) override;
  /// True after SIGINT or SIGTERM (interrupt.h).
  bool stop_requested() override;

  /// The last JSON event of a run that finished; of one that did not it is error_event.
  void finished(const std::string& result_id);

  /// Ends the bar's line, so that other output starts on a fresh one.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  bool due();
  void show_training(const engine::StepReport& report);
  void draw_bar(double share, const std::string& text);
  void erase_bar();

  ProgressStyle style_;
  std::FILE* stream_;
  Clock::time_point training_start_{};
  Clock::time_point last_shown_{};
  int64_t first_step_ = 0;
  int64_t rows_since_start_ = 0;
  std::string validation_;  ///< latest validation metrics as text
  bool bar_visible_ = false;
};

}  // namespace reprotrain::harness
