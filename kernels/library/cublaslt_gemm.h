// SPDX-License-Identifier: Apache-2.0
// Matrix products through cuBLASLt, with kernels whose bits repeat.
//
// Of what the library proposes for a product, the first is taken that
//   adds up the parts of a split sum in a fixed order, or has no parts;
//   has the precision asked for, as far as the library tells what it does.
// That choice goes into an AlgorithmBook, as the bytes of the library's own description, and comes from
// there where one was recorded. The same checks are made of a recorded choice. A bias is added after.
// See also: docs/device-mode.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/library/algorithm_book.h"
#include "kernels/library/library_gemm.h"
#include "kernels/library/library_precision.h"

namespace reprotrain::kernels {

/// Products on the current device, with `library_bytes` of work space for the library's own use; `book`
/// must outlive it. Throws std::runtime_error, with a sentence, where the library cannot be loaded. Not
/// for use by two threads at once.
std::unique_ptr<LibraryGemm> cublaslt_gemm(LibraryPrecision precision, int64_t library_bytes,
                                           AlgorithmBook& book);

/// The version of the library that is loaded: 130100 for 13.1.0. Throws as cublaslt_gemm does.
size_t cublaslt_version();

}  // namespace reprotrain::kernels
