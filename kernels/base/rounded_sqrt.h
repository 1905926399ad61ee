// SPDX-License-Identifier: Apache-2.0
// The square root of a binary32 number, rounded to nearest even whatever a compiler's options say.
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

}  // namespace reprotrain::kernels
