// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cpu_threads.h"

#include <algorithm>
#include <atomic>
#include <exception>

#include "engine/device/processors.h"
#include "engine/device/worker_team.h"
#include "kernels/base/float_state.h"

namespace reprotrain::engine {

namespace {

/// A loop has a part for each thread, up to so many; more threads share parts.
constexpr int kMostParts = 32;
/// So many steps a thread even out what threads lose to other processes and to unequal work.
constexpr int64_t kStepsOfThread = 4;

/// Where part `index` of [0, n) begins: n_parts parts differ by one in length, the longer ones first.
int64_t start_of(int64_t n, int64_t index, int64_t n_parts) {
  return index * (n / n_parts) + std::min(index, n % n_parts);
}

/// [0, n) as parts of neighbouring steps of neighbouring pieces. A member takes the steps of its own
/// part and then what others have left, so that equal loops one after the other find their operands
/// in the caches of the same threads.
class RangeJob final : public WorkerTeam::Job {
 public:
  RangeJob(int64_t n, int64_t n_pieces, int n_threads, const kernels::Parallel::Range& body)
      : n_(n),
        n_pieces_(n_pieces),
        n_members_(static_cast<int>(std::min<int64_t>(n_pieces, n_threads))),
        n_parts_(std::min(n_members_, kMostParts)),
        n_steps_(std::min(kStepsOfThread * n_members_, n_pieces)),
        body_(body) {}

  int n_members() const { return n_members_; }
  std::exception_ptr failure() const { return failure_; }

  void work(int member) noexcept override {
    const kernels::StrictFloatScope strict;
    try {
      for (int i = 0; i < n_parts_; ++i) work_on((member + i) % n_parts_);
    } catch (...) {
      if (!has_failed_.exchange(true)) failure_ = std::current_exception();
    }
  }

 private:
  struct alignas(64) Taken {
    std::atomic<int64_t> n_steps{0};
  };

  void work_on(int part) {
    const int64_t first = start_of(n_steps_, part, n_parts_);
    const int64_t n_steps = start_of(n_steps_, part + 1, n_parts_) - first;
    while (!has_failed_.load(std::memory_order_relaxed)) {
      const int64_t step = taken_[part].n_steps.fetch_add(1, std::memory_order_relaxed);
      if (step >= n_steps) return;
      body_(start_of_step(first + step), start_of_step(first + step + 1));
    }
  }

  /// Steps are whole pieces.
  int64_t start_of_step(int64_t step) const {
    return start_of(n_, start_of(n_pieces_, step, n_steps_), n_pieces_);
  }

  int64_t n_;
  int64_t n_pieces_;
  int n_members_;
  int n_parts_;
  int64_t n_steps_;
  const kernels::Parallel::Range& body_;
  Taken taken_[kMostParts];
  std::atomic<bool> has_failed_{false};
  std::exception_ptr failure_;
};

}  // namespace

CpuThreads::CpuThreads(int n_threads)
    : n_threads_(n_threads > 0 ? n_threads : available_processors()) {
  if (n_threads_ > 1) team_ = std::make_unique<WorkerTeam>(n_threads_ - 1);
}

CpuThreads::~CpuThreads() = default;

void CpuThreads::for_ranges(int64_t n, int64_t grain, const Range& body) const {
  if (n <= 0) return;
  const int64_t n_pieces = std::max<int64_t>(1, n / std::max<int64_t>(1, grain));
  if (team_ && n_pieces > 1) {
    RangeJob job(n, n_pieces, n_threads_, body);
    if (team_->try_run(job, job.n_members())) {
      if (job.failure()) std::rethrow_exception(job.failure());
      return;
    }
  }
  const kernels::StrictFloatScope strict;
  body(0, n);
}

}  // namespace reprotrain::engine
