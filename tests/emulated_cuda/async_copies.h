// SPDX-License-Identifier: Apache-2.0
// The asynchronous copies of one kernel thread that have not arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::emulated_cuda {

class AsyncCopies {
 public:
  /// The target holds poison from now on, until the copy arrives.
  void start(void* target, const void* source, size_t size, size_t n_zeros, uint32_t poison_word);
  void commit() { ++n_committed_; }
  void wait(size_t n_pending);
  void finish_all();
  /// Lets some copies arrive before anybody waits for them.
  void some_may_arrive(Choices& choices);

 private:
  struct Copy {
    void* target;
    const void* source;
    size_t n_bytes;
    size_t n_zeros;
    uint64_t group;
  };
  static void arrive(const Copy& copy);

  std::vector<Copy> pending_;
  uint64_t n_committed_ = 0;
};

}  // namespace reprotrain::emulated_cuda
