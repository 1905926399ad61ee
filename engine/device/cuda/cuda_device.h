// SPDX-License-Identifier: Apache-2.0
// A CUDA device: its memory, and the kernels' CUDA functions on one stream.
#pragma once

#include <cuda_runtime_api.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/device/compute_device.h"
#include "engine/device/cuda/device_libraries.h"
#include "engine/device/cuda/device_pool.h"
#include "engine/device/cuda/pinned_upload.h"
#include "engine/device/cuda/step_recording.h"
#include "kernels/base/device_workspace.h"
#include "kernels/conv/convolution_cuda.h"
#include "kernels/matmul/int8_gemm_cuda.h"

namespace reprotrain::engine {

/// For one thread at a time. What fails is kept for allocate() and download() to throw: no exception
/// leaves any other function.
class CudaDevice final : public ComputeDevice {
 public:
  /// Device `index`. At most `most_bytes` of its memory are used, 0: no limit. `gemm` multiplies the
  /// digits of integer slices; `library`, unless nullptr, asks for products of its libraries. `threads`
  /// must outlive it. Throws CudaError where it cannot be used, std::runtime_error without a library.
  CudaDevice(int index, int64_t most_bytes, std::unique_ptr<kernels::Int8Gemm> gemm,
             const LibraryRequest* library, const kernels::Parallel& threads);
  ~CudaDevice() override;

  std::string name() const override { return name_; }
  std::map<std::string, std::string> details() const override;
  const kernels::Parallel& host_threads() const override { return threads_; }
  bool is_host() const override { return false; }
  std::optional<LibraryReport> library_report() const override;
  int64_t free_bytes() override;

  void release(void* memory) noexcept override;
  void clear(void* memory, int64_t n_bytes) override;
  void upload(const void* from, void* to, int64_t n_bytes) override;
  void copy(std::span<const float> from, std::span<float> to) override;
  void gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows,
                   void* to) override;

  void forget_steps() override { recordings_.clear(); }

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
  std::string failure() const override { return failure_; }
  void queue_step(const StepValues& values, int64_t recording,
                  const std::function<void()>& work) override;
  void* allocate_or_fail(int64_t n_bytes) override;
  void download_or_fail(const void* from, void* to, int64_t n_bytes) override;

 private:
  template <typename Work>
  void attempt(const Work& work) noexcept;
  kernels::DeviceWorkspace work_space(int64_t n_bytes);
  bool record(StepRecording& step, const std::function<void()>& work);
  const uint32_t* recorded_step() const;
  void repeat(const StepRecording& step, const StepValues& values);
  template <typename Pass>
  void normalise(const Pass& pass, void (*run)(const Pass&, void*, cudaStream_t));
  template <typename Pass>
  void convolve(const Pass& pass, void (*run)(const Pass&, const kernels::ConvolutionPlan&,
                                              kernels::DeviceWorkspace, cudaStream_t));

  const kernels::Parallel& threads_;
  std::string name_;
  std::map<std::string, std::string> properties_;
  std::string failure_;
  std::unique_ptr<kernels::Int8Gemm> gemm_;
  std::optional<DeviceLibraries> libraries_;
  kernels::ConvolutionPlan plan_;
  cudaStream_t stream_ = nullptr;
  std::optional<DevicePool> pool_;
  std::optional<PinnedUpload> uploads_;
  kernels::DeviceWorkspace work_space_;  // of the operator that is queued
  ValuesOnDevice* values_ = nullptr;     // of the step that is repeated
  bool can_record_ = true;
  bool is_in_step_ = false;
  StepRecording* being_recorded_ = nullptr;
  std::map<int64_t, StepRecording> recordings_;
};

}  // namespace reprotrain::engine
