// SPDX-License-Identifier: Apache-2.0
// What layer norm refuses, on every device.
// See also: layer_norm.h.
#pragma once

#include <cstdint>

#include "kernels/base/require.h"
#include "kernels/elementwise/layer_norm.h"

namespace reprotrain::kernels {

inline bool same_shape(const ConstMatrixView& a, const ConstMatrixView& b) {
  return a.n_rows == b.n_rows && a.n_columns == b.n_columns;
}

inline bool has_length(size_t length, int64_t n) { return static_cast<int64_t>(length) == n; }

inline void require_countable_row(int64_t n_columns) {
  require(n_columns < (int64_t{1} << 24), "layer norm: a row has 2^24 or more values");
}

inline void require_matching(const LayerNormForward& pass) {
  require_view(pass.x, "x");
  require_view(pass.normal, "normal");
  require_view(pass.y, "y");
  const int64_t n = pass.x.n_columns;
  require_countable_row(n);
  require(same_shape(pass.x, pass.normal) && same_shape(pass.x, pass.y) &&
              has_length(pass.scale.size(), n) && has_length(pass.shift.size(), n) &&
              has_length(pass.inverse.size(), pass.x.n_rows),
          "layer norm: shapes do not match");
}

/// All but `scale_terms`, which only the CPU needs.
inline void require_matching(const LayerNormBackward& pass) {
  require_view(pass.normal, "normal");
  require_view(pass.gradient, "gradient");
  const int64_t n = pass.normal.n_columns;
  require_countable_row(n);
  require(same_shape(pass.normal, pass.gradient) && has_length(pass.scale.size(), n) &&
              has_length(pass.scale_gradient.size(), n) &&
              has_length(pass.shift_gradient.size(), n) &&
              has_length(pass.inverse.size(), pass.normal.n_rows),
          "layer norm: shapes do not match");
}

}  // namespace reprotrain::kernels
