// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/matmul.h"

#include <cstddef>
#include <stdexcept>

#include "kernels/matmul/sliced_matmul.h"

namespace reprotrain::kernels {

static_assert(std::size(kMatmulDefinitions) == 3);

std::string_view name_of(MatmulSpecification specification) {
  if (specification == MatmulSpecification::kLibrary) return "library";
  return kMatmulDefinitions[static_cast<size_t>(specification)].name;
}

std::optional<MatmulSpecification> matmul_called(std::string_view name) {
  for (size_t i = 0; i < std::size(kMatmulDefinitions); ++i) {
    if (name == kMatmulDefinitions[i].name) return static_cast<MatmulSpecification>(i);
  }
  return std::nullopt;
}

void multiply(MatmulSpecification specification, const MatrixProduct& product,
              const Parallel& parallel) {
  switch (specification) {
    case MatmulSpecification::kFma32:
      return ordered_matmul(product, parallel);
    case MatmulSpecification::kInt8x2:
      return sliced_matmul(product, 2, parallel);
    case MatmulSpecification::kInt8x3:
      return sliced_matmul(product, 3, parallel);
    case MatmulSpecification::kLibrary:
      throw std::invalid_argument("products of a library need a device that was opened for them");
  }
}

}  // namespace reprotrain::kernels
