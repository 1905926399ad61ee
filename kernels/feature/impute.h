// SPDX-License-Identifier: Apache-2.0
// Fills in missing values of a column by one number.
//
//   y = fill where x is NaN, else x
//   fill = f32(mean), f32(median), most_frequent of the training rows, or f32(a given number)
//
// No kernel of feature_list.h: those have binary64 fields and keep NaN.
// Determinism: elementwise.
// See also: kernels/reduce/column_statistics.h, docs/arithmetic.md "Features".
#pragma once

#include "kernels/base/float_bits.h"
#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// The fill that stands for a binary64 number.
RPT_HD float fill_of(double number) { return static_cast<float>(number); }

RPT_HD float imputed(float x, float fill) { return is_nan(x) ? fill : x; }

}  // namespace reprotrain::kernels
