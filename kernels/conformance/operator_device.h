// SPDX-License-Identifier: Apache-2.0
// Every operator of the arithmetic specification, on operands in host memory, wherever it runs.
//
// A conformance check drives operators through this interface only, so that the same known answers
// judge a path of the CPU, an emulated GPU and a real one. A device overrides what it offers; the
// rest answers false, which a report shows as "not offered" and never as passed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/base/matrix_view.h"
#include "kernels/conv/batch_norm.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/image_moves.h"
#include "kernels/conv/pooling.h"
#include "kernels/digest/tile_digest.h"
#include "kernels/elementwise/dropout.h"
#include "kernels/loss/loss_list.h"
#include "kernels/matmul/ordered_matmul.h"
#include "kernels/metric/metric_list.h"
#include "kernels/optimizer/optimizer_list.h"
#include "kernels/optimizer/schedule.h"
#include "kernels/random/philox.h"
#include "kernels/random/split.h"
#include "kernels/reduce/column_statistics.h"

namespace reprotrain::kernels {

/// Operands of both passes of a layer norm, dense and row-major (n_rows, n).
struct LayerNormCase {
  int64_t n_rows = 0;
  int64_t n = 0;
  std::span<const float> x, scale, shift;
  std::span<float> y;
  std::span<float> gradient;  ///< in: of y; out: of x
  std::span<float> scale_gradient, shift_gradient;
};

/// An exact sum, rounded once to each type.
struct RoundedSum {
  float binary32 = 0.0f;
  double binary64 = 0.0;
};

/// Operands of both passes of a pooling.
struct PoolingCase {
  Pooling pooling;  ///< of a global average: sizes and channels
  ConstMatrixView images;
  MatrixView outputs;
  ConstMatrixView delta;  ///< gradient of the outputs
  MatrixView image_gradient;
};

/// Operands of both passes of moved images.
struct ImageMovesCase {
  ImageMoves moves;
  RandomStream stream;
  ConstMatrixView images;
  MatrixView outputs;
  ConstMatrixView delta;  ///< gradient of the outputs
  MatrixView image_gradient;
};

/// Operands of both passes of a batch norm in training.
struct BatchNormCase {
  ConstMatrixView x;
  std::span<const float> scale, shift;
  double momentum = 0.0;
  std::span<float> running_mean, running_variance;
  MatrixView y;
  MatrixView gradient;  ///< in: of y; out: of x
  std::span<float> scale_gradient, shift_gradient;
};

class OperatorDevice {
 public:
  OperatorDevice() = default;
  virtual ~OperatorDevice() = default;
  OperatorDevice(const OperatorDevice&) = delete;
  OperatorDevice& operator=(const OperatorDevice&) = delete;

  /// "cpu/avx2", "cuda:0 NVIDIA H200", ...
  virtual std::string name() const = 0;

  // Each computes its operator and returns true, or returns false where it is not offered.
  // A device that fails throws std::runtime_error with one sentence.

  /// `function` is a name of elementary.h: "exp", "log", ...; y[i] = function(x[i]).
  virtual bool elementary(std::string_view /*function*/, std::span<const float> /*x*/,
                          std::span<float> /*y*/) {
    return false;
  }
  /// `name` of activation_list(): y = f(x), derivative = 1 * f'(x).
  virtual bool activation(std::string_view /*name*/, std::span<const float> /*x*/,
                          std::span<float> /*y*/, std::span<float> /*derivative*/) {
    return false;
  }
  virtual bool cospi_unit(double /*t*/, double& /*value*/) { return false; }
  virtual bool power_of(double /*base*/, uint64_t /*exponent*/, double& /*value*/) { return false; }
  /// `specification` is a value of numerics.matmul: "fma32", "int8x2", "int8x3". The product may have
  /// any epilogue.
  virtual bool matrix_product(std::string_view /*specification*/,
                              const MatrixProduct& /*product*/) {
    return false;
  }

  virtual bool exact_sum(std::span<const float> /*terms*/, RoundedSum& /*sum*/) { return false; }
  virtual bool exact_sum(std::span<const double> /*terms*/, RoundedSum& /*sum*/) { return false; }
  virtual bool exact_sum_of_squares(std::span<const float> /*terms*/, RoundedSum& /*sum*/) {
    return false;
  }
  /// Of a[i] * b[i], each product exact.
  virtual bool exact_sum_of_products(std::span<const float> /*a*/, std::span<const float> /*b*/,
                                     RoundedSum& /*sum*/) {
    return false;
  }
  virtual bool norm(std::span<const float> /*terms*/, double& /*norm*/) { return false; }
  virtual bool column_sums(ConstMatrixView /*m*/, std::span<float> /*sums*/) { return false; }
  virtual bool column_moments(const StridedColumn& /*column*/, ColumnMoments& /*moments*/) {
    return false;
  }
  virtual bool column_order(const StridedColumn& /*column*/, double& /*median*/,
                            float& /*most_frequent*/) {
    return false;
  }

  virtual bool random_blocks(RandomStream /*stream*/, uint64_t /*first_block*/,
                             std::span<PhiloxBlock> /*blocks*/) {
    return false;
  }
  virtual bool shuffle(RandomStream /*stream*/, std::span<int64_t> /*items*/) { return false; }
  virtual bool draw_parts(const PartSizes& /*sizes*/, std::span<const int32_t> /*class_of_row*/,
                          uint64_t /*seed*/, std::span<RowPart> /*part_of_row*/) {
    return false;
  }
  virtual bool initialise_weight(int64_t /*n_in*/, int64_t /*n_out*/, uint64_t /*seed*/,
                                 uint32_t /*instance*/, std::span<float> /*values*/) {
    return false;
  }
  virtual bool dropout(const Dropout& /*dropout*/, RandomStream /*stream*/,
                       std::span<float> /*values*/) {
    return false;
  }

  virtual bool convolution(const ConvolutionForward& /*pass*/) { return false; }
  virtual bool convolution_weight_gradient(const ConvolutionWeightGradient& /*pass*/) {
    return false;
  }
  virtual bool convolution_input_gradient(const ConvolutionInputGradient& /*pass*/) {
    return false;
  }
  /// "max", "average", "global_average".
  virtual bool pooling(std::string_view /*name*/, const PoolingCase& /*batch*/) { return false; }
  virtual bool move_images(const ImageMovesCase& /*batch*/) { return false; }
  virtual bool batch_norm(const BatchNormCase& /*batch*/) { return false; }
  virtual bool batch_norm_inference(const BatchNormInference& /*pass*/) { return false; }

  virtual bool softmax(ConstMatrixView /*logits*/, MatrixView /*probabilities*/) { return false; }
  virtual bool layer_norm(const LayerNormCase& /*batch*/) { return false; }
  virtual bool loss(std::string_view /*name*/, const LossBatch& /*batch*/,
                    std::span<float> /*row_losses*/, MatrixView /*gradient*/, float& /*mean*/) {
    return false;
  }
  /// Balanced weights of classes of so many rows.
  virtual bool class_weights(std::span<const int64_t> /*class_sizes*/,
                             std::span<float> /*weights*/) {
    return false;
  }
  virtual bool schedule_factor(const ScheduleSettings& /*settings*/, int64_t /*step*/,
                               double& /*factor*/) {
    return false;
  }
  /// Scales `gradients` as clip_by_global_norm does.
  virtual bool clip_by_norm(std::span<float> /*gradients*/, double /*largest_norm*/,
                            double& /*norm*/) {
    return false;
  }
  virtual bool optimizer_step(std::string_view /*name*/, const OptimizerSettings& /*settings*/,
                              const OptimizerTensor& /*tensor*/, uint64_t /*step_index*/) {
    return false;
  }

  /// `name` of feature_list.h, its `fields` in their order.
  virtual bool feature(std::string_view /*name*/, std::span<const double> /*fields*/,
                       std::span<const float> /*x*/, std::span<float> /*y*/) {
    return false;
  }
  virtual bool metric(std::string_view /*name*/, const MetricInputs& /*inputs*/,
                      double& /*value*/) {
    return false;
  }
  virtual bool digest(std::span<const float> /*values*/, uint64_t /*tensor_id*/,
                      Digest128& /*digest*/) {
    return false;
  }
  virtual bool digest(std::span<const int64_t> /*values*/, uint64_t /*tensor_id*/,
                      Digest128& /*digest*/) {
    return false;
  }
};

}  // namespace reprotrain::kernels
