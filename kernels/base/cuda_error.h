// SPDX-License-Identifier: Apache-2.0
// Errors of the CUDA runtime as exceptions.
#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace reprotrain::kernels {

/// A CUDA runtime call failed. The sentence names the call, its place and CUDA's own words.
class CudaError : public std::runtime_error {
 public:
  CudaError(cudaError_t code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  cudaError_t code() const { return code_; }

 private:
  cudaError_t code_;
};

/// Throws CudaError unless `code` is success: check_cuda(cudaMalloc(&p, n), "cudaMalloc").
inline void check_cuda(cudaError_t code, const char* call, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  if (code == cudaSuccess) return;
  throw CudaError(code, std::string(call) + " at " + file + ":" + std::to_string(line) + ": " +
                            cudaGetErrorString(code));
}

}  // namespace reprotrain::kernels
