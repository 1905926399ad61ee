// SPDX-License-Identifier: Apache-2.0
// What batch norm refuses, on every device.
// See also: batch_norm.h.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "kernels/base/require.h"
#include "kernels/conv/batch_norm.h"

namespace reprotrain::kernels {

namespace batch_norm_requirements {

inline void require_same_shape(const ConstMatrixView& a, const ConstMatrixView& b) {
  require(a.n_rows == b.n_rows && a.n_columns == b.n_columns,
          "batch norm: matrices differ in shape");
}

inline void require_of_channels(const ConstMatrixView& x,
                                std::initializer_list<std::span<const float>> numbers) {
  for (const std::span<const float> of_channels : numbers) {
    require(static_cast<int64_t>(of_channels.size()) == x.n_columns,
            "batch norm: channels and their numbers differ in number");
  }
}

inline void require_values(const ConstMatrixView& x) {
  require(x.n_rows >= 1, "batch norm: there is no value to take the mean of");
}

}  // namespace batch_norm_requirements

inline void require_matching(const BatchNormTraining& pass) {
  using namespace batch_norm_requirements;
  require_view(pass.x, "x");
  require_view(pass.y, "y");
  require_same_shape(pass.x, pass.y);
  require_of_channels(pass.x, {pass.scale, pass.shift, pass.running_mean, pass.running_variance,
                               pass.mean, pass.inverse});
  require_values(pass.x);
}

inline void require_matching(const BatchNormBackward& pass) {
  using namespace batch_norm_requirements;
  require_view(pass.x, "x");
  require_view(pass.gradient, "gradient");
  require_same_shape(pass.x, pass.gradient);
  require_of_channels(
      pass.x, {pass.mean, pass.inverse, pass.scale, pass.scale_gradient, pass.shift_gradient});
  require_values(pass.x);
}

inline void require_matching(const BatchNormInference& pass) {
  using namespace batch_norm_requirements;
  require_view(pass.x, "x");
  require_view(pass.y, "y");
  require_same_shape(pass.x, pass.y);
  require_of_channels(pass.x, {pass.scale, pass.shift, pass.running_mean, pass.running_variance});
}

}  // namespace reprotrain::kernels
