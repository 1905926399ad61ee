// SPDX-License-Identifier: Apache-2.0
// The losses of loss_list.h on a CUDA device, with the same bits: a thread for each row with one
// output, a warp for each row of logits.
//
// Requires: views and spans of device memory; classes that passed require_classes
// (loss_requirements.h) before they were copied there, as no kernel looks at them; everything happens in the order of `stream`. Throws CudaError, and
// std::invalid_argument where shapes do not match.
// Determinism: rows are independent; the total is an exact sum.
// See also: loss_list.h, loss_rows.h, kernels/reduce/lane_sum_cuda.h.
#pragma once

#include <cuda_runtime_api.h>

#include <span>
#include <string_view>

#include "kernels/elementwise/first_estimate.h"
#include "kernels/loss/loss_list.h"
#include "kernels/reduce/exact_sum_cuda.h"

namespace reprotrain::kernels {

struct LossKernelCuda {
  std::string_view name;
  /// As LossKernel::run.
  void (*run)(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
              cudaStream_t stream);
};

/// The same names, in the same order, as loss_list().
std::span<const LossKernelCuda> loss_list_cuda();

/// With first estimates as told, not as suits the current device; they never reach a value.
std::span<const LossKernelCuda> loss_list_cuda(rounded::EstimateIn estimate);

/// The entry of loss_list_cuda() of that name, or nullptr.
const LossKernelCuda* find_loss_cuda(std::string_view name);

/// *mean = f32(exact sum of the row losses / n), one number in device memory; no rows give +0.
/// `sum`: work space of one accumulator in device memory.
void mean_loss_cuda(std::span<const float> row_losses, ExactSumAccumulator* sum, float* mean,
                    cudaStream_t stream);

/// Class probabilities of rows of logits. In place is fine.
void softmax_rows_cuda(ConstMatrixView logits, MatrixView probabilities, cudaStream_t stream);
void softmax_rows_cuda(ConstMatrixView logits, MatrixView probabilities, cudaStream_t stream,
                       rounded::EstimateIn estimate);

}  // namespace reprotrain::kernels
