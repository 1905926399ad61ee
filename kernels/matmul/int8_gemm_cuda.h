// SPDX-License-Identifier: Apache-2.0
// Products of int8 matrices summed in int32, exactly, whoever computes them.
//
//   c[i][j] = sum over k of a[i][k] * b[j][k]
//
// Two providers: our own kernel, which runs on every device and under emulation, and cuBLASLt's
// tensor-core kernels (cublaslt_int8_gemm.h). Exact integers leave nothing to choose: both give the
// same result, so the provider is a question of speed only.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace reprotrain::kernels {

/// Both factors have k contiguous. Base addresses and strides of a and b are multiples of 16 bytes,
/// those of c too; depth and n_columns are multiples of 16. Every sum fits int32.
struct Int8Product {
  const int8_t* a = nullptr;  ///< (n_rows, depth)
  int64_t a_stride = 0;
  const int8_t* b = nullptr;  ///< (n_columns, depth)
  int64_t b_stride = 0;
  int32_t* c = nullptr;  ///< (n_rows, n_columns)
  int64_t c_stride = 0;
  int64_t n_rows = 0;
  int64_t n_columns = 0;
  int64_t depth = 0;
};

/// Longest sum of products of two digits in -128 ... 127 that fits int32.
inline constexpr int64_t kMaxInt8Depth = (int64_t{1} << 17) - 1;

class Int8Gemm {
 public:
  virtual ~Int8Gemm() = default;
  /// Queues the product on `stream`. Throws where that fails.
  virtual void run(const Int8Product& product, cudaStream_t stream) const = 0;
};

/// Our own kernel: dot products of four int8 (sm_61 and later), tiles in registers. Throws CudaError,
/// and std::invalid_argument, with a sentence, for a product that is not as Int8Product says.
class TiledInt8Gemm final : public Int8Gemm {
 public:
  void run(const Int8Product& product, cudaStream_t stream) const override;
};

}  // namespace reprotrain::kernels
