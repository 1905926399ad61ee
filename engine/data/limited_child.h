// SPDX-License-Identifier: Apache-2.0
// A forked process that may be harmed by what it parses, without harming this one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace reprotrain::engine {

struct ChildLimits {
  int64_t memory_bytes = 0;  ///< address space beyond what this process has now
  int64_t cpu_seconds = 0;
  int no_progress_ms = 0;  ///< longest silence that `read` accepts
  bool may_write_files = false;
};

/// Runs `body(pipe)` in a forked child and reads what it writes to the pipe.
///
/// The child inherits no descriptors but the pipe, reads and prints to nowhere, writes no file unless
/// it may, dumps no core, ignores the terminal's interrupt and dies with the thread that made it.
/// When `body` returns, the child exits with status 0 without running destructors or exit handlers.
class LimitedChild {
 public:
  /// Throws Error(kEnvironment) when no process can be made.
  LimitedChild(const ChildLimits& limits, const std::function<void(int pipe)>& body);
  /// Kills the child if it still runs.
  ~LimitedChild();
  LimitedChild(const LimitedChild&) = delete;
  LimitedChild& operator=(const LimitedChild&) = delete;

  enum class ReadResult { kFilled, kEnded, kSilent };
  /// Fills `bytes` whole, unless the child ends or is silent for too long first.
  ReadResult read(std::span<std::byte> bytes);

  /// How a child that ended did so, as the end of a sentence: "crashed (Segmentation fault)".
  std::string how_it_ended();

 private:
  int wait();

  ChildLimits limits_;
  pid_t process_ = -1;
  int pipe_ = -1;
};

/// Called in the child: writes all of `bytes`, or as much as anybody reads.
void write_whole(int pipe, std::span<const std::byte> bytes);

/// Called in the child once it holds every file it needs: opening another one fails from here on.
/// So do pipes, through which the sanitizers' vptr check probes memory: the asan preset omits it.
void forbid_opening_files();

}  // namespace reprotrain::engine
