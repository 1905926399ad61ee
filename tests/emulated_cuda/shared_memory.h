// SPDX-License-Identifier: Apache-2.0
// Shared memory of the blocks under way.
//
// Static __shared__ variables are thread-local variables of the host thread that runs the grid:
// together they are that thread's thread-local block of the program or library that holds the
// kernel. It holds poison before each of a kernel's blocks, and what a block has written is kept
// aside and brought back where several of these take turns: all kernels of a program share a
// megabyte of it, of which a block writes a few kilobytes. Whatever else is thread-local there comes back after the
// launch; nothing uses it meanwhile. Dynamic shared memory ends at a page that nobody may touch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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
  explicit KeptVariables(StaticShared place)
      : place_(place), kept_(std::make_unique_for_overwrite<std::byte[]>(place.n_bytes)) {
    if (place_.n_bytes > 0) memcpy(kept_.get(), place_.begin, place_.n_bytes);
  }
  ~KeptVariables() {
    if (place_.n_bytes > 0) memcpy(place_.begin, kept_.get(), place_.n_bytes);
  }
  KeptVariables(const KeptVariables&) = delete;
  KeptVariables& operator=(const KeptVariables&) = delete;

 private:
  StaticShared place_;
  std::unique_ptr<std::byte[]> kept_;
};

/// The shared memory of one block; one of them at a time is in place.
class SharedMemory {
 public:
  SharedMemory(StaticShared place, size_t dynamic_bytes, uint32_t poison_word);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Between turns, and before the first one, the place holds nothing but poison.
  void put_in_place();
  void keep_aside();
  /// After the block's last turn.
  void clear_place() const;
  void* dynamic() const { return dynamic_; }
  bool is_dynamic_guard(const void* address) const;

 private:
  struct Piece {
    size_t offset;
    size_t n_bytes;
  };
  template <typename Use>
  void for_each_written_piece(const Use& use) const;

  StaticShared place_;
  uint32_t poison_word_;
  std::array<std::byte, 1024> poison_;  // a piece that nobody has written
  std::vector<Piece> pieces_aside_;
  std::vector<std::byte> aside_;
  std::byte* mapping_ = nullptr;
  size_t mapping_bytes_ = 0;
  std::byte* dynamic_ = nullptr;
};

}  // namespace reprotrain::emulated_cuda
