// SPDX-License-Identifier: Apache-2.0
// The square root of a number, rounded to nearest even whatever a compiler's options say.
#pragma once

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

RPT_HD float rounded_sqrt(float x) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}
RPT_HD double rounded_sqrt(double x) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(x);
#else
  return __builtin_sqrt(x);
#endif
}

}  // namespace reprotrain::kernels
