// SPDX-License-Identifier: Apache-2.0
// How exact the products of a device's own libraries are: numerics.precision of mode `device`.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "include/reprotrain/arithmetic_ids.h"

namespace reprotrain::kernels {

/// In the order of kLibraryDefinitions. Sums are binary32 in all of them; factors are
enum class LibraryPrecision {
  kFp32,  ///< binary32
  kTf32,  ///< binary32, which tensor cores round to 10 bits of fraction
  kBf16,  ///< rounded to bfloat16 by us, to nearest, ties to even
};

/// "fp32", "tf32", "bf16".
inline std::string_view name_of(LibraryPrecision precision) {
  return kLibraryDefinitions[static_cast<size_t>(precision)].name;
}

/// The precision of that name, or nothing.
inline std::optional<LibraryPrecision> library_precision_called(std::string_view name) {
  for (size_t i = 0; i < std::size(kLibraryDefinitions); ++i) {
    if (name == kLibraryDefinitions[i].name) return static_cast<LibraryPrecision>(i);
  }
  return std::nullopt;
}

}  // namespace reprotrain::kernels
