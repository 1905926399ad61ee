// SPDX-License-Identifier: Apache-2.0
// A fork-join team with a short hand-over: threads that spin a little while before they sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/device/processors.h"

namespace reprotrain::engine {

/// Workers that join whichever thread calls `try_run`, one call at a time.
///
/// A worker that comes late is not waited for: the caller shuts the gate as soon as its own work
/// returns, and waits for those who came in before. So work must be something that members take from
/// one another, and that is finished when any one of them finds nothing left to take.
class WorkerTeam {
 public:
  /// What the members do, several of them at the same time.
  class Job {
   public:
    virtual void work(int member) noexcept = 0;

   protected:
    ~Job() = default;
  };

  /// More could not be counted.
  static constexpr int kMostWorkers = 4095;

  /// Starts the workers, members 1 to n_workers, or to kMostWorkers; a caller is member 0.
  explicit WorkerTeam(int n_workers);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  /// Calls `job.work` on this thread and on workers with numbers under `n_members` that come in time,
  /// and returns true when all have come back. Returns false at once, without a call, while the
  /// team works on another job, its caller's nested ones included. Sleeping workers with higher
  /// numbers sleep on.
  bool try_run(Job& job, int n_members);

 private:
  void serve(int member);
  bool calls(uint32_t gate, int member, uint32_t last_round) const;
  uint32_t await_call(int member, uint32_t last_round);
  void sleep_until_called(int member, uint32_t last_round);
  void wake_members_under(int n_members);
  void leave();
  void await_departures();
  void dismiss();
  std::atomic<uint32_t>& sleep_word(int member) { return sleep_words_[index_of(member)]; }
  static size_t index_of(int member) { return static_cast<size_t>(member - 1); }

  const int n_workers_;
  const bool has_processors_;  // one for each member: waiting by spinning holds nobody up
  std::atomic<bool> is_running_{false};
  // Written while the gate is shut and nobody is inside.
  Job* job_ = nullptr;
  std::atomic<int> n_members_{0};
  // Whether the gate is open, how many workers are inside, and the number of the round.
  alignas(64) std::atomic<uint32_t> gate_{0};
  alignas(64) std::atomic<uint32_t> n_last_departures_{0};
  // Side by side, so that a caller sees soon that nobody sleeps.
  std::vector<std::atomic<uint32_t>> sleep_words_;
  std::vector<Detour> detours_;
  std::vector<std::thread> workers_;
};

}  // namespace reprotrain::engine
