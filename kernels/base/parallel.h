// SPDX-License-Identifier: Apache-2.0
// How a kernel asks for CPU threads without owning any.
#pragma once

#include <cstdint>
#include <functional>

namespace reprotrain::kernels {

/// Runs the pieces of [0, n) somewhere, in any order, possibly at the same time.
///
/// Geometry never reaches a value: a kernel's result must be the same for every way of cutting
/// [0, n) into pieces. Engine code passes a team of threads (`engine/device/cpu_threads.h`); tests pass
/// `SerialParallel` or a pool that cuts and orders the pieces adversarially.
class Parallel {
 public:
  using Range = std::function<void(int64_t begin, int64_t end)>;
  virtual ~Parallel() = default;

  /// Calls `body` on disjoint pieces that cover [0, n), each of `grain` elements or more (except
  /// where n is smaller), and returns when all are done. Exceptions of `body` are rethrown here.
  virtual void for_ranges(int64_t n, int64_t grain, const Range& body) const = 0;

  /// How many pieces may run at the same time: for cutting work evenly, where a kernel cares.
  virtual int n_threads() const noexcept { return 1; }
};

/// Everything in one piece, on the calling thread.
class SerialParallel final : public Parallel {
 public:
  void for_ranges(int64_t n, int64_t /*grain*/, const Range& body) const override {
    if (n > 0) body(0, n);
  }
};

}  // namespace reprotrain::kernels
