// SPDX-License-Identifier: Apache-2.0
// The libraries that compute products on a CUDA device in mode `device`.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/device/library_mode.h"
#include "kernels/library/algorithm_book.h"
#include "kernels/library/cudnn_convolution.h"
#include "kernels/library/library_gemm.h"

namespace reprotrain::engine {

class DeviceLibraries {
 public:
  /// Loads what `request` needs, for the current device, of whose memory a run takes at most `most_bytes`,
  /// 0: no limit. Throws std::runtime_error, with a sentence, where a library cannot be had.
  DeviceLibraries(const LibraryRequest& request, const cudaDeviceProp& device, int64_t most_bytes);

  kernels::LibraryGemm& gemm() const { return *gemm_; }
  /// Throws std::runtime_error, with a sentence, where the request has said that there are none.
  kernels::CudnnConvolution& convolution();
  LibraryReport report() const { return {key_, book_.choices()}; }

 private:
  kernels::AlgorithmBook book_;
  DeviceKey key_;
  std::unique_ptr<kernels::LibraryGemm> gemm_;
  std::optional<kernels::CudnnConvolution> convolution_;
};

}  // namespace reprotrain::engine
