// SPDX-License-Identifier: Apache-2.0
// cuBLAS as the peer of matrix products, loaded at run time.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::bench {

class CublasPeer {
 public:
  enum class Precision {
    kPedantic,  ///< binary32 throughout
    kTf32,      ///< operands rounded to 10 fraction bits, on tensor cores
  };

  /// Throws std::runtime_error where the library cannot be loaded.
  CublasPeer();
  ~CublasPeer();

  /// The product without its bias. Pointers are device memory.
  void multiply(const kernels::MatrixProduct& product, Precision precision, cudaStream_t stream);
  std::string version() const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace reprotrain::bench
