// SPDX-License-Identifier: Apache-2.0
// All elementwise feature kernels. A new one is its header, one line here, and its entry in the
// configuration schema; look-up by name, fitting, storage, and the sweeps of the tests follow from
// this list.
#pragma once

#include <tuple>

#include "kernels/feature/clip.h"
#include "kernels/feature/log1p.h"
#include "kernels/feature/min_max.h"
#include "kernels/feature/standardize.h"

namespace reprotrain::kernels {

// clang-format off
using FeatureList = std::tuple<
    Clip,
    LogOnePlus,
    MinMax,
    Standardize>;
// clang-format on

/// Calls `visit.template operator()<Feature>()` for every kernel of the list, in its order.
template <typename Visit, typename... Features>
constexpr void for_each_feature_of(const Visit& visit, const std::tuple<Features...>* /*list*/) {
  (visit.template operator()<Features>(), ...);
}
template <typename Visit>
constexpr void for_each_feature(const Visit& visit) {
  for_each_feature_of(visit, static_cast<const FeatureList*>(nullptr));
}

}  // namespace reprotrain::kernels
