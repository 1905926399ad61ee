// SPDX-License-Identifier: Apache-2.0
// A question to code that may crash, hang or end the process: a child asks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>

#include "engine/data/limited_child.h"

namespace reprotrain::engine {

/// Calls `question` in a forked child and copies the answer that it fills. Returns "" or, where none
/// came within `patience_ms` of silence, how that ended: "crashed (Segmentation fault)". Throws
/// Error(kEnvironment) where no process can be made.
template <typename Answer>
std::string ask_in_child(int patience_ms, Answer& answer,
                         const std::function<void(Answer&)>& question) {
  static_assert(std::is_trivially_copyable_v<Answer>, "it goes through a pipe");
  ChildLimits limits;
  limits.memory_bytes = int64_t{1} << 42;  // GPU libraries reserve far more than they use
  limits.cpu_seconds = 60;
  limits.no_progress_ms = patience_ms;
  limits.may_write_files = true;  // drivers share memory through files
  LimitedChild child(limits, [&](int pipe) {
    Answer filled{};
    question(filled);
    write_whole(pipe, std::as_bytes(std::span(&filled, 1)));
  });
  switch (child.read(std::as_writable_bytes(std::span(&answer, 1)))) {
    case LimitedChild::ReadResult::kFilled:
      return "";
    case LimitedChild::ReadResult::kEnded:
      return child.how_it_ended();
    case LimitedChild::ReadResult::kSilent:
      break;
  }
  return "gave no answer within " + std::to_string(patience_ms / 1000) + " s";
}

}  // namespace reprotrain::engine
