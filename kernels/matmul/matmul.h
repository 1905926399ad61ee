// SPDX-License-Identifier: Apache-2.0
// The definitions of matrix products, and one entry to all of them.
//
// A configuration chooses one (`numerics.matmul`); no machine ever does. They give different bits,
// and each gives the same bits everywhere. Names and ids stand in one list,
// include/reprotrain/arithmetic_ids.h.
// See also: ordered_matmul.h (fma32), sliced_matmul.h (int8x2, int8x3).
#pragma once

#include <optional>
#include <string_view>

#include "include/reprotrain/arithmetic_ids.h"
#include "kernels/base/parallel.h"
#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::kernels {

/// In the order of kMatmulDefinitions; then what is no definition of ours.
enum class MatmulSpecification {
  kFma32,
  kInt8x2,
  kInt8x3,
  kLibrary,  ///< of a device's own library (docs/device-mode.md): only devices that were opened for it
};

/// "fma32", "int8x2", "int8x3", "library".
std::string_view name_of(MatmulSpecification specification);

/// The definition of that name, or nothing.
std::optional<MatmulSpecification> matmul_called(std::string_view name);

/// Computes `product` as `specification` defines it. Throws std::invalid_argument, with a sentence,
/// for operands that cannot be multiplied, and for kLibrary: a CPU has none.
void multiply(MatmulSpecification specification, const MatrixProduct& product,
              const Parallel& parallel);

}  // namespace reprotrain::kernels
