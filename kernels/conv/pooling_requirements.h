// SPDX-License-Identifier: Apache-2.0
// What pooling refuses, on every device.
// See also: pooling.h.
#pragma once

#include <cstdint>

#include "kernels/base/require.h"
#include "kernels/conv/pooling.h"

namespace reprotrain::kernels {

inline void require_matching(const MaxPoolingForward& pass) {
  require_pooling(pass.pooling);
  const int64_t n_images = pass.images.n_rows;
  require_images(pass.images, n_images, pass.pooling.n_inputs(), "images");
  require_images(pass.outputs, n_images, pass.pooling.n_outputs(), "outputs");
  if (pass.keeps_winners()) {
    require_images(pass.winners, n_images, pass.pooling.n_outputs(), "winners");
  }
}

inline void require_matching(const MaxPoolingBackward& pass) {
  require_pooling(pass.pooling);
  const int64_t n_images = pass.delta.n_rows;
  require_images(pass.winners, n_images, pass.pooling.n_outputs(), "winners");
  require_images(pass.delta, n_images, pass.pooling.n_outputs(), "delta");
  require_images(pass.image_gradient, n_images, pass.pooling.n_inputs(), "image_gradient");
}

/// Images and outputs of an average, or their gradients.
inline void require_matching(const Pooling& pooling, const ConstMatrixView& images,
                             const ConstMatrixView& outputs) {
  require_pooling(pooling);
  require_images(images, images.n_rows, pooling.n_inputs(), "images");
  require_images(outputs, images.n_rows, pooling.n_outputs(), "outputs");
}

/// The same of a global average.
inline void require_averages(const ConstMatrixView& images, const ConstMatrixView& averages) {
  require_view(images, "images");
  require_view(averages, "averages");
  require(averages.n_columns >= 1 && images.n_columns >= averages.n_columns &&
              images.n_columns % averages.n_columns == 0,
          "global average: an image is not a whole number of pixels");
  require(images.n_rows == averages.n_rows, "global average: images and averages differ in number");
}

}  // namespace reprotrain::kernels
