// SPDX-License-Identifier: Apache-2.0
// Matrix products beside cuBLAS. A shape is a line of kShapes in the .cpp file.
#pragma once

#include <string>
#include <vector>

#include "bench/gpu/comparison.h"
#include "bench/gpu/cublas_peer.h"
#include "bench/gpu/device_memory.h"
#include "kernels/matmul/int8_gemm_cuda.h"

namespace reprotrain::bench {

/// What the rows compute with; it outlives them.
struct MatmulTools {
  DeviceMemory& memory;
  CublasPeer* cublas;                     ///< or none
  const kernels::Int8Gemm* tensor_cores;  ///< or none
  int n_multiprocessors;
};

std::vector<Row> matmul_rows(const MatmulTools& tools);

/// Runs products in several ways that must give the same bits: every tile kind and splits, our own
/// integer kernel and tensor cores. Returns a sentence for each difference.
std::vector<std::string> matmul_differences(const MatmulTools& tools);

}  // namespace reprotrain::bench
