// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/async_copies.h"

#include <cstring>

#include "tests/emulated_cuda/device_memory.h"
#include "tests/emulated_cuda/kernel_fault.h"

namespace reprotrain::emulated_cuda {

void AsyncCopies::start(void* target, const void* source, size_t size, size_t n_zeros,
                        uint32_t poison_word) {
  const bool is_size = size == 4 || size == 8 || size == 16;
  if (!is_size || n_zeros > size) throw ThreadFault{"copies asynchronously a size that CUDA lacks"};
  const auto misaligned = [&](const void* p) { return reinterpret_cast<uintptr_t>(p) % size != 0; };
  if (misaligned(target) || misaligned(source)) {
    throw ThreadFault{"copies asynchronously between misaligned addresses"};
  }
  const Copy copy{target, source, size - n_zeros, n_zeros, n_committed_};
  // Reads the source once: an address out of bounds is this thread's fault here and now.
  std::byte seen[16];
  memcpy(seen, source, copy.n_bytes);
  asm volatile("" : : "r"(seen) : "memory");
  poison(target, size, poison_word);
  pending_.push_back(copy);
}

void AsyncCopies::arrive(const Copy& copy) {
  memcpy(copy.target, copy.source, copy.n_bytes);
  memset(static_cast<std::byte*>(copy.target) + copy.n_bytes, 0, copy.n_zeros);
}

void AsyncCopies::wait(size_t n_pending) {
  std::erase_if(pending_, [&](const Copy& copy) {
    if (copy.group + n_pending >= n_committed_) return false;
    arrive(copy);
    return true;
  });
}

void AsyncCopies::finish_all() {
  for (const Copy& copy : pending_) arrive(copy);
  pending_.clear();
}

void AsyncCopies::some_may_arrive(Choices& choices) {
  std::erase_if(pending_, [&](const Copy& copy) {
    if (!choices.one_in(4)) return false;
    arrive(copy);
    return true;
  });
}

}  // namespace reprotrain::emulated_cuda
