// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cpu_device.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <new>

#include "engine/device/gather_rows.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/addition.h"
#include "kernels/matmul/epilogue_rows.h"
#include "kernels/reduce/column_sums.h"

namespace reprotrain::engine {

namespace {

constexpr std::align_val_t kCacheLine{64};

}  // namespace

int64_t CpuDevice::free_bytes() { return std::numeric_limits<int64_t>::max(); }

void* CpuDevice::allocate_or_fail(int64_t n_bytes) {
  return ::operator new(static_cast<size_t>(n_bytes), kCacheLine);
}

void CpuDevice::release(void* memory) noexcept { ::operator delete(memory, kCacheLine); }

void CpuDevice::clear(void* memory, int64_t n_bytes) {
  if (n_bytes > 0) std::memset(memory, 0, static_cast<size_t>(n_bytes));
}

void CpuDevice::upload(const void* from, void* to, int64_t n_bytes) {
  if (n_bytes > 0) std::memcpy(to, from, static_cast<size_t>(n_bytes));
}

void CpuDevice::download_or_fail(const void* from, void* to, int64_t n_bytes) {
  upload(from, to, n_bytes);
}

void CpuDevice::copy(std::span<const float> from, std::span<float> to) {
  assert(from.size() == to.size());
  std::copy(from.begin(), from.end(), to.begin());
}

void CpuDevice::gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows,
                            void* to) {
  engine::gather_rows(from, row_bytes, rows, to, threads_);
}

void CpuDevice::multiply(kernels::MatmulSpecification specification,
                         const kernels::MatrixProduct& product) {
  kernels::multiply(specification, product, threads_);
}

void CpuDevice::finish_matrix(const kernels::Epilogue& epilogue, kernels::MatrixView matrix) {
  kernels::finish_matrix(epilogue, matrix, threads_);
}

void CpuDevice::activate(kernels::Activation activation, std::span<const float> x,
                         std::span<float> y) {
  kernels::activation_list()[static_cast<size_t>(activation)].forward(x, y, threads_);
}

void CpuDevice::add(std::span<const float> a, std::span<const float> b, std::span<float> sum) {
  kernels::add(a, b, sum, threads_);
}

void CpuDevice::column_sums(kernels::ConstMatrixView matrix, std::span<float> sums) {
  kernels::exact_column_sums(matrix, sums, threads_);
}

void CpuDevice::apply_dropout(const kernels::Dropout& dropout, kernels::RandomStream stream,
                              std::span<float> values) {
  kernels::apply_dropout(dropout, stream, values, threads_);
}

void CpuDevice::move_images(const kernels::ImageMoves& moves, kernels::RandomStream stream,
                            kernels::MovePass pass, kernels::ConstMatrixView from,
                            kernels::MatrixView to) {
  kernels::move_images(moves, stream, pass, from, to, threads_);
}

void CpuDevice::layer_norm(const kernels::LayerNormForward& pass) {
  kernels::layer_norm_forward(pass, threads_);
}
void CpuDevice::layer_norm(const kernels::LayerNormBackward& pass) {
  kernels::layer_norm_backward(pass, threads_);
}

void CpuDevice::batch_norm(const kernels::BatchNormTraining& pass) {
  kernels::batch_norm_training(pass, threads_);
}
void CpuDevice::batch_norm(const kernels::BatchNormBackward& pass) {
  kernels::batch_norm_backward(pass, threads_);
}
void CpuDevice::batch_norm(const kernels::BatchNormInference& pass) {
  kernels::batch_norm_inference(pass, threads_);
}

void CpuDevice::convolution(const kernels::ConvolutionForward& pass) {
  kernels::convolution_forward(pass, threads_);
}
void CpuDevice::convolution(const kernels::ConvolutionWeightGradient& pass) {
  kernels::convolution_weight_gradient(pass, threads_);
}
void CpuDevice::convolution(const kernels::ConvolutionInputGradient& pass) {
  kernels::convolution_input_gradient(pass, threads_);
}

void CpuDevice::max_pooling(const kernels::MaxPoolingForward& pass) {
  kernels::max_pooling_forward(pass, threads_);
}
void CpuDevice::max_pooling(const kernels::MaxPoolingBackward& pass) {
  kernels::max_pooling_backward(pass, threads_);
}

void CpuDevice::average_pooling(const kernels::Pooling& pooling, kernels::ConstMatrixView images,
                                kernels::MatrixView outputs) {
  kernels::average_pooling_forward(pooling, images, outputs, threads_);
}
void CpuDevice::average_pooling_backward(const kernels::Pooling& pooling,
                                         kernels::ConstMatrixView delta,
                                         kernels::MatrixView image_gradient) {
  kernels::average_pooling_backward(pooling, delta, image_gradient, threads_);
}

void CpuDevice::global_average(kernels::ConstMatrixView images, kernels::MatrixView outputs) {
  kernels::global_average_forward(images, outputs, threads_);
}
void CpuDevice::global_average_backward(kernels::ConstMatrixView delta,
                                        kernels::MatrixView image_gradient) {
  kernels::global_average_backward(delta, image_gradient, threads_);
}

void CpuDevice::loss(std::string_view name, const kernels::LossBatch& batch,
                     std::span<float> row_losses, kernels::MatrixView gradient) {
  kernels::find_loss(name)->run(batch, row_losses, gradient, threads_);
}

void CpuDevice::mean_loss(std::span<const float> row_losses, float* mean) {
  *mean = kernels::mean_loss(row_losses, threads_);
}

void CpuDevice::clip_by_global_norm(std::span<float> gradients, double largest_norm) {
  kernels::clip_by_global_norm(gradients, largest_norm, threads_);
}

void CpuDevice::optimizer_step(std::string_view name, const kernels::OptimizerSettings& settings,
                               const kernels::OptimizerTensor& tensor, const StepValues& values) {
  kernels::find_optimizer(name)->step(values.of_step(settings), tensor, values.index, threads_);
}

void CpuDevice::tile_digest(std::span<const float> values, uint64_t tensor_id,
                            kernels::Digest128* digest) {
  *digest = kernels::tile_digest(values, tensor_id, threads_);
}

}  // namespace reprotrain::engine
