// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/interrupt.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace {

constexpr std::string_view kJsonWord = "json";
constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(5);
constexpr auto kJsonInterval = std::chrono::seconds(1);

int terminal_width(std::FILE* stream) {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string count_text(double count) {
  char text[32];
  if (count >= 1e6) {
    std::snprintf(text, sizeof text, "%.1fM", count / 1e6);
  } else if (count >= 1e4) {
    std::snprintf(text, sizeof text, "%.0fk", count / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", count);
  }
  return text;
}

std::string line_of(const nlohmann::json& event) {
  return event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write_event(std::FILE* stream, const nlohmann::json& event) {
  std::fprintf(stream, "%s\n", line_of(event).c_str());
  std::fflush(stream);
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

}  // namespace

ProgressStyle progress_style(std::string_view word, std::FILE* stream) {
  if (word == "auto") {
    return ::isatty(::fileno(stream)) != 0 ? ProgressStyle::kBar : ProgressStyle::kLines;
  }
  if (word == kJsonWord) return ProgressStyle::kJson;
  if (word == "none") return ProgressStyle::kNone;
  throw Error(ErrorKind::kUsage, "--progress " + std::string(word) + ": choose auto, json or none");
}

bool asks_for_json(std::span<const char* const> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const bool stands_next = word == "--progress" && i + 1 < arguments.size();
    if (word == "--progress=json" || (stands_next && arguments[i + 1] == kJsonWord)) return true;
  }
  return false;
}

std::string error_event(int exit_code, std::string_view sentence) {
  return line_of({{"event", "error"}, {"exit_code", exit_code}, {"message", sentence}});
}

Progress::Progress(ProgressStyle style, std::FILE* stream) : style_(style), stream_(stream) {}

Progress::~Progress() { finish(); }

void Progress::stage_started(std::string_view name) {
  if (style_ == ProgressStyle::kJson) {
    write_event(stream_, {{"event", "stage_started"}, {"name", name}});
  } else if (style_ == ProgressStyle::kBar) {
    draw_bar(0.0, std::string(name));
  }
}

void Progress::stage_finished(const engine::StageReport& report) {
  if (style_ == ProgressStyle::kNone) return;
  if (style_ == ProgressStyle::kJson) {
    write_event(stream_, {{"event", "stage_finished"},
                          {"name", report.name},
                          {"counts", nlohmann::json(std::map<std::string, int64_t>(
                                         report.counts.begin(), report.counts.end()))}});
  } else {
    erase_bar();
    std::string counts;
    for (const auto& [name, count] : report.counts) {
      counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " " + name;
    }
    std::fprintf(stream_, "%-9s %s\n", report.name.c_str(), counts.c_str());
  }
  std::fflush(stream_);
}

void Progress::training_started(int64_t first_step, int64_t /*total_steps*/,
                                const std::string& /*mark*/) {
  training_start_ = last_shown_ = Clock::now();
  first_step_ = first_step;
  rows_since_start_ = 0;
}

void Progress::step_finished(const engine::StepReport& report) {
  rows_since_start_ += report.n_rows;
  if (style_ != ProgressStyle::kNone && due()) show_training(report);
}

bool Progress::due() {
  const Clock::duration interval = style_ == ProgressStyle::kBar ? Clock::duration(kBarInterval)
                                   : style_ == ProgressStyle::kLines
                                       ? Clock::duration(kLineInterval)
                                       : Clock::duration(kJsonInterval);
  const auto now = Clock::now();
  if (now - last_shown_ < interval) return false;
  last_shown_ = now;
  return true;
}

void Progress::show_training(const engine::StepReport& report) {
  const double elapsed = std::chrono::duration<double>(last_shown_ - training_start_).count();
  const double rate = static_cast<double>(rows_since_start_) / std::max(elapsed, 1e-9);
  const double steps = static_cast<double>(report.step - first_step_);
  const double remaining = static_cast<double>(report.total_steps - report.step);
  const double eta = steps > 0 ? elapsed / steps * remaining : 0.0;
  const double share = static_cast<double>(report.step) /
                       static_cast<double>(std::max<int64_t>(report.total_steps, 1));

  if (style_ == ProgressStyle::kJson) {
    write_event(stream_, {{"event", "progress"},
                          {"step", report.step},
                          {"total_steps", report.total_steps},
                          {"epoch", report.epoch},
                          {"loss", static_cast<double>(report.loss)},
                          {"rows_per_second", rate},
                          {"eta_seconds", eta}});
    return;
  }
  // The most wanted first: a narrow terminal cuts the end off.
  const std::string text = "ETA " + duration_text(eta) + "  step " + std::to_string(report.step) +
                           "/" + std::to_string(report.total_steps) + "  loss " +
                           number_text(static_cast<double>(report.loss)) + "  epoch " +
                           std::to_string(report.epoch + 1) + "  " + count_text(rate) + " rows/s" +
                           validation_;
  if (style_ == ProgressStyle::kBar) {
    draw_bar(share, text);
  } else {
    std::fprintf(stream_, "%3.0f%%  %s\n", share * 100.0, text.c_str());
    std::fflush(stream_);
  }
}

void Progress::epoch_finished(const engine::EpochReport& report) {
  validation_.clear();
  for (const auto& [name, value] : report.validation) {
    validation_ += "  val " + name + " " + number_text(value);
    break;  // one is enough for a line that must fit
  }
  if (style_ != ProgressStyle::kJson) return;
  write_event(stream_, {{"event", "epoch"},
                        {"epoch", report.epoch},
                        {"train_loss", report.train_loss},
                        {"validation", report.validation}});
}

std::string Progress::checkpoint_due(int64_t /*step*/) { return {}; }

void Progress::checkpoint_written(int64_t step, const std::string& directory) {
  if (style_ != ProgressStyle::kJson) return;
  write_event(stream_, {{"event", "checkpoint"}, {"step", step}, {"directory", directory}});
}

bool Progress::stop_requested() { return interrupt_requested(); }

void Progress::note(std::string_view text) {
  if (style_ == ProgressStyle::kNone) return;
  erase_bar();
  if (style_ == ProgressStyle::kJson) {
    write_event(stream_, {{"event", "note"}, {"text", text}});
  } else {
    std::fprintf(stream_, "note: %.*s\n", static_cast<int>(text.size()), text.data());
  }
  std::fflush(stream_);
}

void Progress::finished(const std::string& result_id) {
  if (style_ != ProgressStyle::kJson) return;
  write_event(stream_, {{"event", "finished"}, {"exit_code", 0}, {"result_id", result_id}});
}

void Progress::draw_bar(double share, const std::string& text) {
  const int width = terminal_width(stream_) - 1;
  const int bar_width = 20;
  std::string line = "[";
  const int filled = static_cast<int>(share * bar_width + 0.5);
  for (int i = 0; i < bar_width; ++i) line += i < filled ? '=' : ' ';
  line += "]  " + text;
  if (static_cast<int>(line.size()) > width) line.resize(static_cast<size_t>(std::max(width, 0)));
  std::fprintf(stream_, "\r%s\033[K", line.c_str());
  std::fflush(stream_);
  bar_visible_ = true;
}

void Progress::erase_bar() {
  if (!bar_visible_) return;
  std::fprintf(stream_, "\r\033[K");
  bar_visible_ = false;
}

void Progress::finish() {
  erase_bar();
  std::fflush(stream_);
}

}  // namespace reprotrain::harness
