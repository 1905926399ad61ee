// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/thread_stacks.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace reprotrain::emulated_cuda {
namespace {

constexpr size_t kStackBytes = size_t{128} << 10;
// Wider than a frame: what overflows should not step over it.
constexpr size_t kGuardBytes = size_t{128} << 10;

std::byte* bottom_of(const boost::context::stack_context& stack) {
  return static_cast<std::byte*>(stack.sp) - stack.size - kGuardBytes;
}

}  // namespace

ThreadStacks& ThreadStacks::instance() {
  static ThreadStacks stacks;
  return stacks;
}

ThreadStacks::~ThreadStacks() {
  for (const auto& stack : all_) munmap(bottom_of(stack), kStackBytes + kGuardBytes);
}

boost::context::stack_context ThreadStacks::take() {
  if (!free_.empty()) {
    const auto stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void* mapped = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  mprotect(mapped, kGuardBytes, PROT_NONE);
  boost::context::stack_context stack;
  stack.size = kStackBytes;
  stack.sp = static_cast<std::byte*>(mapped) + kGuardBytes + kStackBytes;
  all_.push_back(stack);
  return stack;
}

bool ThreadStacks::is_guard(const void* address) const {
  for (const auto& stack : all_) {
    const std::byte* bottom = bottom_of(stack);
    if (address >= bottom && address < bottom + kGuardBytes) return true;
  }
  return false;
}

}  // namespace reprotrain::emulated_cuda
