// SPDX-License-Identifier: Apache-2.0
// A bounded team of CPU threads behind the kernels' Parallel interface.
#pragma once

#include <memory>

#include "kernels/base/parallel.h"

namespace reprotrain::engine {

class WorkerTeam;

/// At most `n_threads` threads work at a time for one caller, the caller among them; each task runs in
/// a StrictFloatScope. The number of threads never reaches a value.
///
/// Any thread may call, several at once and from within a body too: while the team works for one
/// call, another runs on the thread that makes it.
class CpuThreads final : public kernels::Parallel {
 public:
  /// `n_threads` >= 1; 0 takes the number of processors this process may use.
  explicit CpuThreads(int n_threads);
  ~CpuThreads() override;
  CpuThreads(const CpuThreads&) = delete;
  CpuThreads& operator=(const CpuThreads&) = delete;

  int n_threads() const noexcept override { return n_threads_; }
  void for_ranges(int64_t n, int64_t grain, const Range& body) const override;

 private:
  int n_threads_;
  std::unique_ptr<WorkerTeam> team_;
};

}  // namespace reprotrain::engine
