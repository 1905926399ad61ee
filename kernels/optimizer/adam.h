// SPDX-License-Identifier: Apache-2.0
// Adam, with weight decay in the gradient (adam) or beside it (adamw).
//
//   adam:   g = g + weight_decay * p     only with decay
//   adamw:  p = p - shrink * p           only with decay
//   m = beta1 * m + rest1 * g            m and v start at +0
//   v = beta2 * v + rest2 * (g * g)
//   p = p - (rate * m) / (sqrt(v) * widening + epsilon)
//
// binary32, every operation rounded. Constants of step t = 1, 2, ..., in binary64 with one
// rounding to binary32 at the end, r = learning_rate * factor:
//   rest1 = 1 - beta1,                rest2 = 1 - beta2,
//   rate = r / (1 - beta1^t),         widening = 1 / sqrt(1 - beta2^t),
//   shrink = r * weight_decay.
// Why: the bias corrections divide once per step, not once per element.
// Reference: Kingma, Ba, "Adam", 2015; Loshchilov, Hutter, "Decoupled weight decay
// regularization", 2019.
// See also: optimizer_list.h, docs/arithmetic.md "Optimizers".
#pragma once

#include "kernels/base/hd.h"
#include "kernels/base/rounded_sqrt.h"

namespace reprotrain::kernels {

enum class AdamDecay { kNone, kInGradient, kDecoupled };

struct Adam {
  float beta1;
  float rest1;
  float beta2;
  float rest2;
  float epsilon;
  float rate;
  float widening;
  float weight_decay;  ///< of adam
  float shrink;        ///< of adamw

  template <AdamDecay kDecay>
  RPT_HD float step(float parameter, float gradient, float& m, float& v) const {
    if constexpr (kDecay == AdamDecay::kInGradient) gradient = gradient + weight_decay * parameter;
    if constexpr (kDecay == AdamDecay::kDecoupled) parameter = parameter - shrink * parameter;
    m = beta1 * m + rest1 * gradient;
    v = beta2 * v + rest2 * (gradient * gradient);
    return parameter - (rate * m) / (rounded_sqrt(v) * widening + epsilon);
  }
};

}  // namespace reprotrain::kernels
