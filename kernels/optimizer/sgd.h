// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent with optional momentum.
//
//   g = g + weight_decay * p          only with decay
//   without momentum:
//     p = p - rate * g
//   with momentum m:
//     v = m * v + g                   v starts at +0
//     u = nesterov ? g + m * v : v
//     p = p - rate * u
//
// binary32, every product and sum rounded. Each constant is rounded once from binary64: m,
// weight_decay, and rate = f32(learning_rate * factor).
// See also: optimizer_list.h, docs/arithmetic.md "Optimizers".
#pragma once

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

struct Sgd {
  float rate;
  float momentum;
  float weight_decay;

  template <bool kDecays>
  RPT_HD float decayed(float parameter, float gradient) const {
    return kDecays ? gradient + weight_decay * parameter : gradient;
  }

  template <bool kDecays>
  RPT_HD float plain(float parameter, float gradient) const {
    return parameter - rate * decayed<kDecays>(parameter, gradient);
  }

  template <bool kDecays, bool kNesterov>
  RPT_HD float with_momentum(float parameter, float gradient, float& velocity) const {
    const float slope = decayed<kDecays>(parameter, gradient);
    velocity = momentum * velocity + slope;
    const float direction = kNesterov ? slope + momentum * velocity : velocity;
    return parameter - rate * direction;
  }
};

}  // namespace reprotrain::kernels
