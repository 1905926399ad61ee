// SPDX-License-Identifier: Apache-2.0
// How many pieces of a size hold n things.
#pragma once

#include <type_traits>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// n / size, rounded up; n >= 0, size > 0, and n + size is within the type of n.
template <class Integer>
RPT_HD constexpr Integer ceil_div(Integer n, std::type_identity_t<Integer> size) {
  return (n + size - 1) / size;
}

/// The least multiple of `step` that is not below n, as ceil_div.
template <class Integer>
RPT_HD constexpr Integer round_up(Integer n, std::type_identity_t<Integer> step) {
  return ceil_div(n, step) * step;
}

}  // namespace reprotrain::kernels
