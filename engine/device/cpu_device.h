// SPDX-License-Identifier: Apache-2.0
// The CPU as a device: memory of the host, and the kernels' CPU functions on the threads of the host.
#pragma once

#include "engine/device/compute_device.h"

namespace reprotrain::engine {

/// Every call has finished when it returns, and throws what its kernel throws.
class CpuDevice final : public ComputeDevice {
 public:
  /// `threads` must outlive it.
  explicit CpuDevice(const kernels::Parallel& threads) : threads_(threads) {}

  std::string name() const override { return "cpu"; }
  const kernels::Parallel& host_threads() const override { return threads_; }
  bool is_host() const override { return true; }
  int64_t free_bytes() override;

  void release(void* memory) noexcept override;
  void clear(void* memory, int64_t n_bytes) override;
  void upload(const void* from, void* to, int64_t n_bytes) override;
  void copy(std::span<const float> from, std::span<float> to) override;
  void gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows,
                   void* to) override;

  void forget_steps() override {}

  void multiply(kernels::MatmulSpecification specification,
                const kernels::MatrixProduct& product) override;
  void finish_matrix(const kernels::Epilogue& epilogue, kernels::MatrixView matrix) override;
  void activate(kernels::Activation activation, std::span<const float> x,
                std::span<float> y) override;
  void add(std::span<const float> a, std::span<const float> b, std::span<float> sum) override;
  void column_sums(kernels::ConstMatrixView matrix, std::span<float> sums) override;
  void apply_dropout(const kernels::Dropout& dropout, kernels::RandomStream stream,
                     std::span<float> values) override;
  void move_images(const kernels::ImageMoves& moves, kernels::RandomStream stream,
                   kernels::MovePass pass, kernels::ConstMatrixView from,
                   kernels::MatrixView to) override;
  void layer_norm(const kernels::LayerNormForward& pass) override;
  void layer_norm(const kernels::LayerNormBackward& pass) override;
  void batch_norm(const kernels::BatchNormTraining& pass) override;
  void batch_norm(const kernels::BatchNormBackward& pass) override;
  void batch_norm(const kernels::BatchNormInference& pass) override;
  void convolution(const kernels::ConvolutionForward& pass) override;
  void convolution(const kernels::ConvolutionWeightGradient& pass) override;
  void convolution(const kernels::ConvolutionInputGradient& pass) override;
  void max_pooling(const kernels::MaxPoolingForward& pass) override;
  void max_pooling(const kernels::MaxPoolingBackward& pass) override;
  void average_pooling(const kernels::Pooling& pooling, kernels::ConstMatrixView images,
                       kernels::MatrixView outputs) override;
  void average_pooling_backward(const kernels::Pooling& pooling, kernels::ConstMatrixView delta,
                                kernels::MatrixView image_gradient) override;
  void global_average(kernels::ConstMatrixView images, kernels::MatrixView outputs) override;
  void global_average_backward(kernels::ConstMatrixView delta,
                               kernels::MatrixView image_gradient) override;

  void loss(std::string_view name, const kernels::LossBatch& batch, std::span<float> row_losses,
            kernels::MatrixView gradient) override;
  void mean_loss(std::span<const float> row_losses, float* mean) override;
  void clip_by_global_norm(std::span<float> gradients, double largest_norm) override;
  void optimizer_step(std::string_view name, const kernels::OptimizerSettings& settings,
                      const kernels::OptimizerTensor& tensor, const StepValues& values) override;
  void tile_digest(std::span<const float> values, uint64_t tensor_id,
                   kernels::Digest128* digest) override;

 protected:
  std::string failure() const override { return {}; }
  void queue_step(const StepValues& /*values*/, int64_t /*recording*/,
                  const std::function<void()>& work) override {
    work();
  }
  void* allocate_or_fail(int64_t n_bytes) override;
  void download_or_fail(const void* from, void* to, int64_t n_bytes) override;

 private:
  const kernels::Parallel& threads_;
};

}  // namespace reprotrain::engine
