// SPDX-License-Identifier: Apache-2.0
// Matrix products of a device's own library, in whatever order of operations it has: MatmulSpecification
// kLibrary, whose bits hold for one kind of device and one version of the library.
//
// See also: cublaslt_gemm.h; docs/device-mode.md.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/base/device_workspace.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/matmul/ordered_matmul_plan.h"

namespace reprotrain::kernels {

class LibraryGemm {
 public:
  virtual ~LibraryGemm() = default;
  /// Bytes of work space that a product of this shape needs, and any of fewer rows.
  virtual int64_t workspace_bytes(const ProductShape& shape) const = 0;
  /// Queues `product`, whose pointers are device memory, on `stream`: with its bias, without its
  /// epilogue. Throws std::runtime_error, with a sentence, where the library fails or has no kernel that
  /// is allowed.
  virtual void multiply(const MatrixProduct& product, DeviceWorkspace workspace,
                        cudaStream_t stream) = 0;
};

}  // namespace reprotrain::kernels
