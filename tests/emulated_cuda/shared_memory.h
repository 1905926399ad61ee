// SPDX-License-Identifier: Apache-2.0
// Shared memory of the blocks under way.
//
// Static __shared__ variables are thread-local variables of the host thread that runs the grid:
// together they are that thread's thread-local block of the program or library that holds the
// kernel. The block is poisoned before each of a kernel's blocks, and kept aside and brought back
// where several of these take turns. Whatever else is thread-local there comes back after the
// launch; nothing uses it meanwhile. Dynamic shared memory ends at a page that nobody may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace reprotrain::emulated_cuda {

/// The calling thread's thread-local variables of the module that holds `kernel`.
struct StaticShared {
  std::byte* begin = nullptr;
  size_t n_bytes = 0;
  static StaticShared of_module_with(const void* kernel);
};

/// Keeps the thread-local variables as they are and brings them back at the end of the scope.
class KeptVariables {
 public:
  explicit KeptVariables(StaticShared place) : place_(place), kept_(place.n_bytes) {
    if (place_.n_bytes > 0) memcpy(kept_.data(), place_.begin, place_.n_bytes);
  }
  ~KeptVariables() {
    if (place_.n_bytes > 0) memcpy(place_.begin, kept_.data(), place_.n_bytes);
  }
  KeptVariables(const KeptVariables&) = delete;
  KeptVariables& operator=(const KeptVariables&) = delete;

 private:
  StaticShared place_;
  std::vector<std::byte> kept_;
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
