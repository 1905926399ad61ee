// SPDX-License-Identifier: Apache-2.0
// Scratch memory for a kernel call, kept by the thread for the next call.
#pragma once

#include <cstdint>

namespace reprotrain::kernels {

/// A lease on at least `n` uninitialised floats, aligned to 64 bytes.
///
/// Buffers belong to the calling thread and are reused, so steady work allocates nothing. Leases
/// may nest: a thread that runs another kernel while it waits for its own pieces gets another
/// buffer.
class WorkSpace {
 public:
  explicit WorkSpace(int64_t n);
  ~WorkSpace();
  WorkSpace(const WorkSpace&) = delete;
  WorkSpace& operator=(const WorkSpace&) = delete;

  float* data() const { return data_; }

 private:
  float* data_;
  int64_t capacity_;
};

}  // namespace reprotrain::kernels
