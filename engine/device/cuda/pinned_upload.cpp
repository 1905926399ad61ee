// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/pinned_upload.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/cuda_error.h"

namespace reprotrain::engine {

using kernels::check_cuda;

PinnedUpload::PinnedUpload() {
  try {
    for (Piece& piece : pieces_) {
      check_cuda(cudaMallocHost(&piece.memory, kPieceBytes), "cudaMallocHost");
      check_cuda(cudaEventCreateWithFlags(&piece.has_left, cudaEventDisableTiming),
                 "cudaEventCreateWithFlags");
    }
  } catch (...) {
    free_all();
    throw;
  }
}

PinnedUpload::~PinnedUpload() { free_all(); }

void PinnedUpload::free_all() noexcept {
  for (Piece& piece : pieces_) {
    if (piece.has_left != nullptr) cudaEventDestroy(piece.has_left);
    if (piece.memory != nullptr) cudaFreeHost(piece.memory);
  }
}

void PinnedUpload::copy(const void* from, void* to, size_t n_bytes, cudaStream_t stream) {
  const auto* source = static_cast<const unsigned char*>(from);
  auto* target = static_cast<unsigned char*>(to);
  for (size_t begin = 0; begin < n_bytes; begin += kPieceBytes) {
    const size_t n = std::min(kPieceBytes, n_bytes - begin);
    Piece& piece = pieces_[next_];
    next_ = 1 - next_;
    check_cuda(cudaEventSynchronize(piece.has_left), "cudaEventSynchronize");
    std::memcpy(piece.memory, source + begin, n);
    check_cuda(cudaMemcpyAsync(target + begin, piece.memory, n, cudaMemcpyHostToDevice, stream),
               "cudaMemcpyAsync");
    check_cuda(cudaEventRecord(piece.has_left, stream), "cudaEventRecord");
  }
}

}  // namespace reprotrain::engine
