// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss/loss_list_cuda.h"

#include <array>

#include "kernels/base/find_by_name.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/elementwise/elementary.h"
#include "kernels/elementwise/estimate_cuda.h"
#include "kernels/loss/classification_loss.h"
#include "kernels/loss/loss_requirements.h"
#include "kernels/loss/loss_rows.h"
#include "kernels/reduce/lane_sum_cuda.h"

namespace reprotrain::kernels {
namespace {

using rounded::EstimateIn;

constexpr unsigned kThreads = 256;

template <class Row>
__global__ void __launch_bounds__(kThreads) single_output_rows(Row row, int64_t n_rows) {
  for (int64_t r = thread_of_grid(); r < n_rows; r += threads_of_grid()) row(r);
}

/// largest_logit by a warp: the first of the largest that are no NaN, unless a NaN stands in front.
__device__ float largest_logit_of_warp(const float* logits, int64_t n) {
  float top = logits[0];
  int64_t place = 0;
  const auto take_larger = [&](float candidate, int64_t at) {
    if (candidate > top || (candidate == top && at < place)) {
      top = candidate;
      place = at;
    }
  };
  for (int64_t j = warp_lane(); j < n; j += 32) take_larger(logits[j], j);
  for (int distance = 16; distance >= 1; distance /= 2) {
    const float other = __shfl_xor_sync(kWholeWarp, top, distance);
    take_larger(other, __shfl_xor_sync(kWholeWarp, place, distance));
  }
  return top;
}

/// Writes a row's numerators and returns their sum.
template <EstimateIn kEstimate>
__device__ float softmax_numerators(const float* logits, float top, int64_t n, float* numerators) {
  return warp_sum(
      [=](int64_t j) {
        const float numerator =
            rounded::correctly_rounded_by<rounded::Exp, kEstimate>(logits[j] - top);
        numerators[j] = numerator;
        return numerator;
      },
      n);
}

template <EstimateIn kEstimate>
__global__ void __launch_bounds__(kThreads) cross_entropy_rows(LossRows rows) {
  for_rows_of_warp(rows.outputs.n_rows, [&](int64_t row) {
    const int64_t n = rows.outputs.n_columns;
    const float* logits = rows.outputs.row(row);
    float* slope = rows.gradient.row(row);
    const int32_t target = rows.classes[row];
    const bool weighted = rows.class_weights != nullptr;
    const float weight = weighted ? rows.class_weights[target] : 1.0f;
    const float top = largest_logit_of_warp(logits, n);
    const float target_logit = logits[target];
    const float sum = softmax_numerators<kEstimate>(logits, top, n, slope);
    for (int64_t j = warp_lane(); j < n; j += 32) {
      const float of_class = CrossEntropy::slope(slope[j], sum, j == target);
      slope[j] = (weighted ? of_class * weight : of_class) / rows.n_rows();
    }
    if (warp_lane() != 0) return;
    const float loss = CrossEntropy::loss(
        rounded::correctly_rounded_by<rounded::Log, kEstimate>(sum), target_logit, top);
    rows.row_losses[row] = weighted ? loss * weight : loss;
  });
}

template <EstimateIn kEstimate>
__global__ void __launch_bounds__(kThreads)
    softmax(ConstMatrixView logits, MatrixView probabilities) {
  for_rows_of_warp(logits.n_rows, [&](int64_t row) {
    const int64_t n = logits.n_columns;
    float* p = probabilities.row(row);
    const float top = largest_logit_of_warp(logits.row(row), n);
    const float sum = softmax_numerators<kEstimate>(logits.row(row), top, n, p);
    for (int64_t j = warp_lane(); j < n; j += 32) p[j] = CrossEntropy::slope(p[j], sum, false);
  });
}

__global__ void mean_of_rows(const ExactSumAccumulator* sum, int64_t n_rows, float* mean) {
  *mean = static_cast<float>(sum->sum().to_double() / static_cast<double>(n_rows));
}

template <class Row>
void run_single_output(const Row& row, cudaStream_t stream) {
  const int64_t n_rows = row.rows.outputs.n_rows;
  if (n_rows == 0) return;
  launch(single_output_rows<Row>, {blocks_for(n_rows, kThreads), kThreads}, stream, row, n_rows);
}

void mean_squared_error(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                        cudaStream_t stream) {
  require_regression(batch, row_losses, gradient);
  run_single_output(RegressionRow<MeanSquaredError>{{}, rows_of(batch, row_losses, gradient)},
                    stream);
}

void huber(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
           cudaStream_t stream) {
  require_regression(batch, row_losses, gradient);
  run_single_output(RegressionRow<Huber>{{batch.huber_delta}, rows_of(batch, row_losses, gradient)},
                    stream);
}

template <EstimateIn kEstimate>
void cross_entropy(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                   cudaStream_t stream) {
  require_cross_entropy(batch, row_losses, gradient);
  const LossRows rows = rows_of(batch, row_losses, gradient);
  if (rows.outputs.n_rows == 0) return;
  launch(cross_entropy_rows<kEstimate>, {blocks_for(32 * rows.outputs.n_rows, kThreads), kThreads},
         stream, rows);
}

template <EstimateIn kEstimate>
void binary_cross_entropy(const LossBatch& batch, std::span<float> row_losses, MatrixView gradient,
                          cudaStream_t stream) {
  require_binary(batch, row_losses, gradient);
  run_single_output(BinaryCrossEntropyRow<kEstimate>{rows_of(batch, row_losses, gradient)}, stream);
}

template <EstimateIn kEstimate>
constexpr std::array kLosses = {
    LossKernelCuda{"mse", mean_squared_error},
    LossKernelCuda{"huber", huber},
    LossKernelCuda{"cross_entropy", cross_entropy<kEstimate>},
    LossKernelCuda{"binary_cross_entropy", binary_cross_entropy<kEstimate>},
};

}  // namespace

std::span<const LossKernelCuda> loss_list_cuda(EstimateIn estimate) {
  if (estimate == EstimateIn::kBinary64) return kLosses<EstimateIn::kBinary64>;
  return kLosses<EstimateIn::kBinary32Pair>;
}

std::span<const LossKernelCuda> loss_list_cuda() {
  return loss_list_cuda(rounded::estimate_of_device());
}

const LossKernelCuda* find_loss_cuda(std::string_view name) {
  return find_by_name(loss_list_cuda(), name);
}

void mean_loss_cuda(std::span<const float> row_losses, ExactSumAccumulator* sum, float* mean,
                    cudaStream_t stream) {
  const auto n = static_cast<int64_t>(row_losses.size());
  if (n == 0) {
    check_cuda(cudaMemsetAsync(mean, 0, sizeof *mean, stream), "cudaMemsetAsync");
    return;
  }
  clear_sums_cuda(sum, 1, stream);
  add_terms_cuda(row_losses.data(), n, sum, stream);
  launch(mean_of_rows, {1, 1}, stream, sum, n, mean);
}

void softmax_rows_cuda(ConstMatrixView logits, MatrixView probabilities, cudaStream_t stream) {
  softmax_rows_cuda(logits, probabilities, stream, rounded::estimate_of_device());
}

void softmax_rows_cuda(ConstMatrixView logits, MatrixView probabilities, cudaStream_t stream,
                       EstimateIn estimate) {
  require_softmax(logits, probabilities);
  if (logits.n_rows == 0 || logits.n_columns == 0) return;
  const auto kernel = estimate == EstimateIn::kBinary64 ? softmax<EstimateIn::kBinary64>
                                                        : softmax<EstimateIn::kBinary32Pair>;
  launch(kernel, {blocks_for(32 * logits.n_rows, kThreads), kThreads}, stream, logits,
         probabilities);
}

}  // namespace reprotrain::kernels
