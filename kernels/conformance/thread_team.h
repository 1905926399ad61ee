// SPDX-License-Identifier: Apache-2.0
// Plain threads behind the kernels' Parallel interface, for programs without the engine's pool.
#pragma once

#include "kernels/base/parallel.h"

namespace reprotrain::kernels {

/// Starts threads for every call and shares out every loop, however short: for checks, not for speed.
/// Each piece runs in a StrictFloatScope.
class ThreadTeam final : public Parallel {
 public:
  /// `n_threads` >= 1.
  explicit ThreadTeam(int n_threads) : n_threads_(n_threads) {}
  void for_ranges(int64_t n, int64_t grain, const Range& body) const override;
  int n_threads() const noexcept override { return n_threads_; }

 private:
  int n_threads_;
};

}  // namespace reprotrain::kernels
