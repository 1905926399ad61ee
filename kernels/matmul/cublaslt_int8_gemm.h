// SPDX-License-Identifier: Apache-2.0
// Exact int8 products on tensor cores, through cuBLASLt.
//
// The library is loaded when the first one is made, from where kernels/base/vendor_library.h finds it, and
// never before: programs start and run on machines without it. Which of its kernels it picks is free, since integer sums are exact.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/matmul/int8_gemm_cuda.h"

namespace reprotrain::kernels {

/// Device memory that the library's kernels may use, aligned to 256 bytes; 32 MiB are plenty.
struct CublasLtWorkspace {
  void* data = nullptr;
  size_t size_bytes = 0;
};

/// Products on the current device. Throws std::runtime_error, with a sentence, where the library
/// cannot be loaded; run() throws it where the library has no kernel for a product. Not for use by
/// two threads at once.
std::unique_ptr<Int8Gemm> cublaslt_int8_gemm(const CublasLtWorkspace& workspace);

}  // namespace reprotrain::kernels
