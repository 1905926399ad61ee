// SPDX-License-Identifier: Apache-2.0
// One word, the gate, carries the whole protocol:
//
//   caller    writes the job, opens the gate as a new round and wakes the sleepers it wants;
//             works; shuts the gate; waits until nobody is inside
//   worker    waits for an open gate of a new round; enters by compare-and-swap, which fails if the
//             gate was shut meanwhile; works; leaves
//
// Who is inside keeps the job alive, and nobody enters a shut gate. The number of the round only
// keeps a worker from entering twice: after 2^17 rounds it comes again, and a worker that slept
// through all of them misses one round, which its caller does without it.
//
// A worker sleeps on a word of its own, so that a loop of few pieces wakes few. It marks itself as
// asleep and then looks at the gate; a caller opens the gate and then looks at the marks. All four
// are sequentially consistent: the worker sees the gate, or the caller sees the mark.
#include "engine/device/worker_team.h"

#include <algorithm>
#include <chrono>

#include "engine/device/processors.h"

namespace reprotrain::engine {

namespace {

constexpr uint32_t kOpen = 1;
constexpr uint32_t kEnding = 2;
constexpr uint32_t kCallerSleeps = 4;
constexpr uint32_t kOneInside = 8;
constexpr uint32_t kOneRound = uint32_t{1} << 15;
constexpr uint32_t kAllInside = kOneRound - kOneInside;
static_assert(kAllInside / kOneInside == WorkerTeam::kMostWorkers, "the gate counts them all");

/// What the sleep word of a worker says.
constexpr uint32_t kAwake = 0;
constexpr uint32_t kAsleep = 1;
constexpr uint32_t kAwoken = 2;  // by a caller that has yet to call it

constexpr uint32_t round_of(uint32_t gate) { return gate / kOneRound; }
constexpr bool is_empty(uint32_t gate) { return (gate & kAllInside) == 0; }

/// Longer than the serial parts of a training step, shorter than anything a user would notice.
constexpr std::chrono::microseconds kSpinTime{200};
constexpr int kPausesBetweenLooks = 32;
constexpr int kYields = 8;

/// How long a member waits before it sleeps; begun anew after each sleep.
class Patience {
 public:
  explicit Patience(bool has_processor) : has_processor_(has_processor) {}

  /// Passes a moment; false once it is time to sleep.
  bool spin() {
    ++n_spins_;
    if (!has_processor_) {
      std::this_thread::yield();
      return n_spins_ < kYields;
    }
    pause();
    if (n_spins_ % kPausesBetweenLooks != 0) return true;
    const auto now = std::chrono::steady_clock::now();
    if (n_spins_ == kPausesBetweenLooks) start_ = now;
    return now - start_ < kSpinTime;
  }

 private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  bool has_processor_;
  int n_spins_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

WorkerTeam::WorkerTeam(int n_workers)
    : n_workers_(std::min(n_workers, kMostWorkers)),
      has_processors_(n_workers_ < available_processors()),
      sleep_words_(static_cast<size_t>(n_workers_)),
      detours_(sleep_words_.size()) {
  workers_.reserve(sleep_words_.size());
  try {
    for (int member = 1; member <= n_workers_; ++member) {
      workers_.emplace_back([this, member] { serve(member); });
    }
  } catch (...) {
    dismiss();
    throw;
  }
}

WorkerTeam::~WorkerTeam() { dismiss(); }

void WorkerTeam::dismiss() {
  gate_.fetch_or(kEnding);
  wake_members_under(n_workers_ + 1);
  for (std::thread& worker : workers_) worker.join();
}

bool WorkerTeam::try_run(Job& job, int n_members) {
  if (is_running_.exchange(true, std::memory_order_acquire)) return false;
  job_ = &job;
  n_members_.store(n_members, std::memory_order_relaxed);
  const uint32_t last_round = round_of(gate_.load(std::memory_order_relaxed));
  gate_.exchange((last_round + 1) * kOneRound | kOpen);
  wake_members_under(n_members);
  job.work(0);
  gate_.fetch_and(~kOpen, std::memory_order_relaxed);
  await_departures();
  is_running_.store(false, std::memory_order_release);
  return true;
}

/// Wakes those who sleep; called after a change of the gate.
void WorkerTeam::wake_members_under(int n_members) {
  for (int member = 1; member < n_members && member <= n_workers_; ++member) {
    std::atomic<uint32_t>& word = sleep_word(member);
    uint32_t seen = word.load();
    if (seen != kAsleep || !word.compare_exchange_strong(seen, kAwoken)) continue;
    const size_t i = index_of(member);
    if (has_processors_) detours_[i].begin(workers_[i].native_handle());
    word.store(kAwake);
    word.notify_one();
  }
}

void WorkerTeam::serve(int member) {
  uint32_t last_round = 0;
  for (;;) {
    uint32_t gate = await_call(member, last_round);
    if ((gate & kEnding) != 0) return;
    if (!gate_.compare_exchange_strong(gate, gate + kOneInside, std::memory_order_acquire)) {
      continue;
    }
    last_round = round_of(gate);
    job_->work(member);
    leave();
  }
}

/// Whether the gate is open in a new round that wants this member, or ending.
bool WorkerTeam::calls(uint32_t gate, int member, uint32_t last_round) const {
  if ((gate & kEnding) != 0) return true;
  const bool is_new = (gate & kOpen) != 0 && round_of(gate) != last_round;
  return is_new && member < n_members_.load(std::memory_order_relaxed);
}

/// Returns what the gate was when it called this member.
uint32_t WorkerTeam::await_call(int member, uint32_t last_round) {
  for (;;) {
    Patience patience(has_processors_);
    do {
      const uint32_t gate = gate_.load(std::memory_order_acquire);
      if (calls(gate, member, last_round)) return gate;
    } while (patience.spin());
    sleep_until_called(member, last_round);
  }
}

/// Returns at once if the gate calls already and no caller is about to wake this member.
void WorkerTeam::sleep_until_called(int member, uint32_t last_round) {
  std::atomic<uint32_t>& word = sleep_word(member);
  word.store(kAsleep);
  uint32_t seen = kAsleep;
  if (calls(gate_.load(), member, last_round) && word.compare_exchange_strong(seen, kAwake)) return;
  while ((seen = word.load()) != kAwake) word.wait(seen);
  detours_[index_of(member)].end();
}

void WorkerTeam::leave() {
  const uint32_t before = gate_.fetch_sub(kOneInside, std::memory_order_acq_rel);
  if ((before & kCallerSleeps) == 0 || !is_empty(before - kOneInside)) return;
  n_last_departures_.fetch_add(1);
  n_last_departures_.notify_one();
}

void WorkerTeam::await_departures() {
  for (;;) {
    Patience patience(has_processors_);
    do {
      if (is_empty(gate_.load(std::memory_order_acquire))) return;
    } while (patience.spin());
    const uint32_t seen = n_last_departures_.load();
    // If the last one left before it could see the mark, there is nothing to wait for.
    if (is_empty(gate_.fetch_or(kCallerSleeps, std::memory_order_acq_rel))) return;
    n_last_departures_.wait(seen);
  }
}

}  // namespace reprotrain::engine
