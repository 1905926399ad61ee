// SPDX-License-Identifier: Apache-2.0
// Exact int8 products on tensor cores, through cuBLASLt.
//
// The library is loaded when the first one is made, from where kernels/base/vendor_library.h finds it, and
// never before: programs start and run on machines without it. Which of its kernels it picks is free, since integer sums are exact.
#pragma once

#include <memory>

#include "kernels/library/cublaslt.h"
#include "kernels/matmul/int8_gemm_cuda.h"

namespace reprotrain::kernels {

/// Products on the current device. Throws std::runtime_error, with a sentence, where the library
/// cannot be loaded; run() throws it where the library has no kernel for a product. Not for use by
/// two threads at once.
std::unique_ptr<Int8Gemm> cublaslt_int8_gemm(const cublaslt::Workspace& workspace);

}  // namespace reprotrain::kernels
