// SPDX-License-Identifier: Apache-2.0
// What every elementwise feature kernel declares about itself.
//
// A kernel is a struct of binary64 fields with
//   kName            its name in a configuration,
//   kNeedsMoments    whether fitting looks at the training rows' exact moments,
//   kParameters      the numbers it takes from the configuration,
//   fields()         its fields by name, as they are stored with a model,
//   fit(moments, p)  the fitted kernel; p holds a value for each of kParameters, in order,
//   operator()(x)    the formula.
//
// Rules for all of them: fitted per column (per element of a block column); NaN means missing, is
// left out of the moments, and comes out as the canonical NaN.
// See also: feature_list.h, docs/arithmetic.md "Features".
#pragma once

#include <array>

namespace reprotrain::kernels {

/// A number that a kernel takes from the configuration.
struct FeatureParameter {
  const char* name;
  bool required;
  double fallback;  ///< where not required
};

/// A field of a fitted kernel, by name.
template <typename Feature>
struct FeatureField {
  const char* name;
  double Feature::*member;
};

}  // namespace reprotrain::kernels
