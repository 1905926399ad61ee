// SPDX-License-Identifier: Apache-2.0
// Shared memory of the blocks under way.
//
// Static __shared__ variables are thread-local variables of the host thread that runs the grid:
// together they are the thread-local block of the program or library that holds the kernel. A
// launch has a host thread of its own, which touches no other thread-local variable of that
// module, so the whole block is poisoned before a kernel's block, and kept aside and brought back
// where several blocks take turns. Dynamic shared memory ends at a page that nobody may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reprotrain::emulated_cuda {

/// The calling thread's thread-local variables of the module that holds `kernel`.
struct StaticShared {
  std::byte* begin = nullptr;
  size_t n_bytes = 0;
  static StaticShared of_module_with(const void* kernel);
};

/// The shared memory of one block; one of them at a time is in place.
class SharedMemory {
 public:
  SharedMemory(StaticShared place, size_t dynamic_bytes, uint32_t poison_word);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  void put_in_place();
  void keep_aside();
  void* dynamic() const { return dynamic_; }
  bool is_dynamic_guard(const void* address) const;

 private:
  StaticShared place_;
  std::vector<std::byte> aside_;
  std::byte* mapping_ = nullptr;
  size_t mapping_bytes_ = 0;
  std::byte* dynamic_ = nullptr;
};

}  // namespace reprotrain::emulated_cuda
