// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/fastest_int8_gemm.h"

#include <cuda_runtime_api.h>

#include <stdexcept>

#include "kernels/base/cuda_error.h"
#include "kernels/matmul/cublaslt_int8_gemm.h"

namespace reprotrain::engine {

namespace {

class FastestInt8Gemm final : public kernels::Int8Gemm {
 public:
  FastestInt8Gemm() = default;
  ~FastestInt8Gemm() override { cudaFree(workspace_); }

  void run(const kernels::Int8Product& product, cudaStream_t stream) const override {
    if (!has_looked_) look_for_library();
    if (library_ != nullptr) {
      try {
        return library_->run(product, stream);
      } catch (const kernels::CudaError&) {
        throw;
      } catch (const std::runtime_error&) {
        // It has no kernel for this product.
      }
    }
    own_.run(product, stream);
  }

 private:
  void look_for_library() const {
    constexpr size_t kWorkspaceBytes = size_t{32} << 20;
    has_looked_ = true;
    try {
      kernels::check_cuda(cudaMalloc(&workspace_, kWorkspaceBytes), "cudaMalloc");
      library_ = kernels::cublaslt_int8_gemm({workspace_, kWorkspaceBytes});
    } catch (const std::runtime_error&) {
      cudaGetLastError();  // memory that was too short is no matter
    }
  }

  kernels::TiledInt8Gemm own_;
  mutable bool has_looked_ = false;
  mutable void* workspace_ = nullptr;
  mutable std::unique_ptr<kernels::Int8Gemm> library_;
};

}  // namespace

std::unique_ptr<kernels::Int8Gemm> fastest_int8_gemm() {
  return std::make_unique<FastestInt8Gemm>();
}

}  // namespace reprotrain::engine
