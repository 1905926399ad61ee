// SPDX-License-Identifier: Apache-2.0
// Address space without memory behind it until it is touched: matrices whose rows lie more than
// 2^31 elements apart, on any machine.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <stdexcept>

namespace reprotrain::testing {

class SparseMemory {
 public:
  explicit SparseMemory(int64_t n_floats)
      : size_bytes_(static_cast<size_t>(n_floats) * sizeof(float)),
        address_(mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (address_ == MAP_FAILED) throw std::runtime_error("no address space for a sparse matrix");
  }
  ~SparseMemory() { munmap(address_, size_bytes_); }
  SparseMemory(const SparseMemory&) = delete;
  SparseMemory& operator=(const SparseMemory&) = delete;

  float* data() const { return static_cast<float*>(address_); }

 private:
  size_t size_bytes_;
  void* address_;
};

}  // namespace reprotrain::testing
