// SPDX-License-Identifier: Apache-2.0
// Copies from the host that do not wait for the device: through two pieces of page-locked memory, one
// being filled while the other is on its way.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace reprotrain::engine {

class PinnedUpload {
 public:
  /// Throws CudaError, as copy() does.
  PinnedUpload();
  ~PinnedUpload();
  PinnedUpload(const PinnedUpload&) = delete;
  PinnedUpload& operator=(const PinnedUpload&) = delete;

  /// Queues a copy on `stream`. `from` may change when the call returns.
  void copy(const void* from, void* to, size_t n_bytes, cudaStream_t stream);

 private:
  static constexpr size_t kPieceBytes = size_t{4} << 20;

  struct Piece {
    unsigned char* memory = nullptr;
    cudaEvent_t has_left = nullptr;
  };
  void free_all() noexcept;

  Piece pieces_[2];
  int next_ = 0;
};

}  // namespace reprotrain::engine
