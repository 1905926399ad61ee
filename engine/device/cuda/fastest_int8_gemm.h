// SPDX-License-Identifier: Apache-2.0
// Exact int8 products by whatever is fastest on the machine; integers are the same whoever multiplies.
#pragma once

#include <memory>

#include "kernels/matmul/int8_gemm_cuda.h"

namespace reprotrain::engine {

/// cuBLASLt, looked for when the first product comes; our own kernel where the library is missing or
/// has nothing for a product.
std::unique_ptr<kernels::Int8Gemm> fastest_int8_gemm();

}  // namespace reprotrain::engine
