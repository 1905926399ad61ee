// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/cuda_device.h"

#include <exception>
#include <utility>

#include "kernels/base/cuda_error.h"
#include "kernels/base/gather_rows_cuda.h"
#include "kernels/conv/batch_norm_cuda.h"
#include "kernels/conv/image_moves_cuda.h"
#include "kernels/conv/pooling_cuda.h"
#include "kernels/digest/tile_digest_cuda.h"
#include "kernels/elementwise/activation_cuda.h"
#include "kernels/elementwise/addition_cuda.h"
#include "kernels/elementwise/dropout_cuda.h"
#include "kernels/elementwise/layer_norm_cuda.h"
#include "kernels/loss/loss_list_cuda.h"
#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/matmul_cuda.h"
#include "kernels/optimizer/optimizer_cuda.h"
#include "kernels/reduce/column_sums_cuda.h"
#include "kernels/reduce/exact_sum_cuda.h"

namespace reprotrain::engine {

using kernels::check_cuda;
using kernels::DeviceWorkspace;
using kernels::ExactSumAccumulator;

namespace {

int64_t length(std::span<const float> values) { return static_cast<int64_t>(values.size()); }

std::map<std::string, std::string> texts_of(const cudaDeviceProp& device) {
  int driver = 0;
  check_cuda(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  return {{"architecture", std::to_string(device.major) + "." + std::to_string(device.minor)},
          {"multiprocessors", std::to_string(device.multiProcessorCount)},
          {"memory_bytes", std::to_string(device.totalGlobalMem)},
          {"cuda_runtime", std::to_string(CUDART_VERSION)},
          {"cuda_of_driver", std::to_string(driver)}};
}

}  // namespace

CudaDevice::CudaDevice(int index, int64_t most_bytes, std::unique_ptr<kernels::Int8Gemm> gemm,
                       const LibraryRequest* library, const kernels::Parallel& threads)
    : threads_(threads), gemm_(std::move(gemm)) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  check_cuda(cudaSetDevice(index), "cudaSetDevice");
  name_ = "cuda:" + std::to_string(index) + " " + properties.name;
  properties_ = texts_of(properties);
  plan_.matmul.n_multiprocessors = properties.multiProcessorCount;
  plan_.matmul.gemm = gemm_.get();
  if (library != nullptr) {
    libraries_.emplace(*library, properties, most_bytes);
    plan_.matmul.library = &libraries_->gemm();
  }
  pool_.emplace(name_, most_bytes);
  uploads_.emplace();
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking),
             "cudaStreamCreateWithFlags");
  values_ = static_cast<ValuesOnDevice*>(pool_->allocate(sizeof *values_));
}

CudaDevice::~CudaDevice() {
  cudaStreamSynchronize(stream_);
  recordings_.clear();
  cudaStreamDestroy(stream_);
}

std::map<std::string, std::string> CudaDevice::details() const {
  auto details = properties_;
  details["peak_bytes_of_run"] = std::to_string(pool_->peak_bytes());
  return details;
}

std::optional<LibraryReport> CudaDevice::library_report() const {
  if (!libraries_) return std::nullopt;
  return libraries_->report();
}

/// Does `work` unless something has failed before, and keeps what fails.
template <typename Work>
void CudaDevice::attempt(const Work& work) noexcept {
  if (!failure_.empty()) return;
  try {
    work();
  } catch (const kernels::CudaError& error) {
    failure_ = name_ + " failed: " + error.what() +
               "; checkpoints stay as they are, --resume goes on from them on any device";
  } catch (const kernels::ReplayError& error) {
    const bool is_valid = error.why() == kernels::ReplayError::Why::kNotHere;
    failure_kind_ = is_valid ? ErrorKind::kInconclusive : ErrorKind::kEvidence;
    failure_ = error.what();
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
}

/// Memory for an operator that is queued now; the next one gets it too.
DeviceWorkspace CudaDevice::work_space(int64_t n_bytes) {
  if (n_bytes > work_space_.size_bytes) {
    recordings_.clear();  // they use the old one
    pool_->release(work_space_.data);
    work_space_ = {};
    work_space_ = {static_cast<unsigned char*>(pool_->allocate(n_bytes)), n_bytes};
  }
  return work_space_;
}

/// The first step of a kind is done at once, which brings all memory into place; the second one is
/// recorded and, like all later ones, repeated from the recording.
void CudaDevice::queue_step(const StepValues& values, int64_t recording,
                            const std::function<void()>& work) {
  const auto found = recordings_.find(recording);
  if (found != recordings_.end() && can_record_) {
    if (found->second.is_recorded() || record(found->second, work)) {
      return repeat(found->second, values);
    }
  }
  is_in_step_ = true;
  work();
  is_in_step_ = false;
  if (can_record_) recordings_.try_emplace(recording);
}

/// False where something in the step cannot be recorded: then none is from now on.
bool CudaDevice::record(StepRecording& step, const std::function<void()>& work) {
  if (!failure_.empty()) return false;
  attempt([&] { step.begin(stream_); });
  being_recorded_ = &step;
  if (failure_.empty()) work();
  being_recorded_ = nullptr;
  attempt([&] { step.end(stream_); });
  if (failure_.empty()) return true;
  step.abandon(stream_);
  failure_.clear();
  can_record_ = false;
  return false;
}

void CudaDevice::repeat(const StepRecording& step, const StepValues& values) {
  attempt([&] {
    ValuesOnDevice of_step{};
    of_step.step = static_cast<uint32_t>(values.index);
    if (step.optimizer) {
      of_step.constants = kernels::StepConstants::of(values.of_step(*step.optimizer), values.index);
    }
    uploads_->copy(&of_step, values_, sizeof of_step, stream_);
    step.launch(stream_);
  });
}

/// Where a step that is recorded finds its number each time; nullptr for one that is done at once.
const uint32_t* CudaDevice::recorded_step() const {
  return being_recorded_ != nullptr ? &values_->step : nullptr;
}

int64_t CudaDevice::free_bytes() {
  int64_t n_bytes = 0;
  attempt([&] { n_bytes = pool_->free_bytes(); });
  return n_bytes;
}

void* CudaDevice::allocate_or_fail(int64_t n_bytes) {
  void* memory = nullptr;
  attempt([&] {
    memory = pool_->allocate(n_bytes);
    if (is_in_step_) recordings_.clear();  // memory of steps has moved
  });
  return memory;
}

void CudaDevice::release(void* memory) noexcept { pool_->release(memory); }

void CudaDevice::clear(void* memory, int64_t n_bytes) {
  attempt([&] {
    check_cuda(cudaMemsetAsync(memory, 0, static_cast<size_t>(n_bytes), stream_),
               "cudaMemsetAsync");
  });
}

void CudaDevice::upload(const void* from, void* to, int64_t n_bytes) {
  attempt([&] { uploads_->copy(from, to, static_cast<size_t>(n_bytes), stream_); });
}

void CudaDevice::download_or_fail(const void* from, void* to, int64_t n_bytes) {
  attempt([&] {
    check_cuda(
        cudaMemcpyAsync(to, from, static_cast<size_t>(n_bytes), cudaMemcpyDeviceToHost, stream_),
        "cudaMemcpyAsync");
    check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  });
}

void CudaDevice::copy(std::span<const float> from, std::span<float> to) {
  attempt([&] {
    check_cuda(cudaMemcpyAsync(to.data(), from.data(), from.size_bytes(), cudaMemcpyDeviceToDevice,
                               stream_),
               "cudaMemcpyAsync");
  });
}

void CudaDevice::gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows,
                             void* to) {
  attempt([&] {
    kernels::gather_rows_cuda(from, row_bytes, rows.data(), static_cast<int64_t>(rows.size()), to,
                              stream_);
  });
}

void CudaDevice::multiply(kernels::MatmulSpecification specification,
                          const kernels::MatrixProduct& product) {
  attempt([&] {
    const kernels::ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    const int64_t n_bytes = kernels::matmul_workspace_bytes(specification, shape, plan_.matmul);
    kernels::multiply_cuda(specification, product, plan_.matmul, work_space(n_bytes), stream_);
  });
}

void CudaDevice::finish_matrix(const kernels::Epilogue& epilogue, kernels::MatrixView matrix) {
  attempt([&] { kernels::finish_matrix_cuda(epilogue, matrix, stream_); });
}

void CudaDevice::activate(kernels::Activation activation, std::span<const float> x,
                          std::span<float> y) {
  attempt([&] {
    kernels::activation_list_cuda()[static_cast<size_t>(activation)].forward(x.data(), y.data(),
                                                                             length(x), stream_);
  });
}

void CudaDevice::add(std::span<const float> a, std::span<const float> b, std::span<float> sum) {
  attempt([&] { kernels::add_cuda(a.data(), b.data(), sum.data(), length(sum), stream_); });
}

void CudaDevice::column_sums(kernels::ConstMatrixView matrix, std::span<float> sums) {
  attempt([&] {
    kernels::column_sums_cuda(matrix, work_space(kernels::column_sums_bytes(matrix.n_columns)),
                              sums, stream_);
  });
}

void CudaDevice::apply_dropout(const kernels::Dropout& dropout, kernels::RandomStream stream,
                               std::span<float> values) {
  attempt([&] {
    kernels::apply_dropout_cuda(dropout, stream, values.data(), length(values), stream_,
                                recorded_step());
  });
}

void CudaDevice::move_images(const kernels::ImageMoves& moves, kernels::RandomStream stream,
                             kernels::MovePass pass, kernels::ConstMatrixView from,
                             kernels::MatrixView to) {
  attempt(
      [&] { kernels::move_images_cuda(moves, stream, pass, from, to, stream_, recorded_step()); });
}

void CudaDevice::layer_norm(const kernels::LayerNormForward& pass) {
  attempt([&] { kernels::layer_norm_forward_cuda(pass, stream_); });
}

void CudaDevice::layer_norm(const kernels::LayerNormBackward& pass) {
  attempt([&] {
    const int64_t n = 2 * pass.gradient.n_columns;
    const int64_t n_bytes = DeviceWorkspace::bytes_for<ExactSumAccumulator>(n);
    kernels::layer_norm_backward_cuda(pass, work_space(n_bytes).take<ExactSumAccumulator>(n),
                                      stream_);
  });
}

template <typename Pass>
void CudaDevice::normalise(const Pass& pass, void (*run)(const Pass&, void*, cudaStream_t)) {
  attempt([&] {
    const auto n_bytes = static_cast<int64_t>(kernels::batch_norm_work_bytes(pass.x.n_columns));
    run(pass, work_space(n_bytes).data, stream_);
  });
}

void CudaDevice::batch_norm(const kernels::BatchNormTraining& pass) {
  normalise(pass, kernels::batch_norm_training_cuda);
}
void CudaDevice::batch_norm(const kernels::BatchNormBackward& pass) {
  normalise(pass, kernels::batch_norm_backward_cuda);
}
void CudaDevice::batch_norm(const kernels::BatchNormInference& pass) {
  normalise(pass, kernels::batch_norm_inference_cuda);
}

template <typename Pass>
void CudaDevice::convolve(const Pass& pass,
                          void (*run)(const Pass&, const kernels::ConvolutionPlan&, DeviceWorkspace,
                                      cudaStream_t)) {
  attempt([&] {
    if (pass.product == kernels::MatmulSpecification::kLibrary && libraries_) {
      const auto lend = [&](int64_t n_bytes) { return work_space(n_bytes); };
      if (libraries_->convolution().run(pass, lend, stream_)) return;
    }
    run(pass, plan_, work_space(kernels::convolution_workspace_bytes(pass, plan_)), stream_);
  });
}

void CudaDevice::convolution(const kernels::ConvolutionForward& pass) {
  convolve(pass, kernels::convolution_forward_cuda);
}
void CudaDevice::convolution(const kernels::ConvolutionWeightGradient& pass) {
  convolve(pass, kernels::convolution_weight_gradient_cuda);
}
void CudaDevice::convolution(const kernels::ConvolutionInputGradient& pass) {
  convolve(pass, kernels::convolution_input_gradient_cuda);
}

void CudaDevice::max_pooling(const kernels::MaxPoolingForward& pass) {
  attempt([&] { kernels::max_pooling_forward_cuda(pass, stream_); });
}
void CudaDevice::max_pooling(const kernels::MaxPoolingBackward& pass) {
  attempt([&] { kernels::max_pooling_backward_cuda(pass, stream_); });
}

void CudaDevice::average_pooling(const kernels::Pooling& pooling, kernels::ConstMatrixView images,
                                 kernels::MatrixView outputs) {
  attempt([&] { kernels::average_pooling_forward_cuda(pooling, images, outputs, stream_); });
}
void CudaDevice::average_pooling_backward(const kernels::Pooling& pooling,
                                          kernels::ConstMatrixView delta,
                                          kernels::MatrixView image_gradient) {
  attempt([&] { kernels::average_pooling_backward_cuda(pooling, delta, image_gradient, stream_); });
}

void CudaDevice::global_average(kernels::ConstMatrixView images, kernels::MatrixView outputs) {
  attempt([&] { kernels::global_average_forward_cuda(images, outputs, stream_); });
}
void CudaDevice::global_average_backward(kernels::ConstMatrixView delta,
                                         kernels::MatrixView image_gradient) {
  attempt([&] { kernels::global_average_backward_cuda(delta, image_gradient, stream_); });
}

void CudaDevice::loss(std::string_view name, const kernels::LossBatch& batch,
                      std::span<float> row_losses, kernels::MatrixView gradient) {
  attempt([&] { kernels::find_loss_cuda(name)->run(batch, row_losses, gradient, stream_); });
}

void CudaDevice::mean_loss(std::span<const float> row_losses, float* mean) {
  attempt([&] {
    const int64_t n_bytes = DeviceWorkspace::bytes_for<ExactSumAccumulator>(1);
    kernels::mean_loss_cuda(row_losses, work_space(n_bytes).take<ExactSumAccumulator>(1), mean,
                            stream_);
  });
}

void CudaDevice::clip_by_global_norm(std::span<float> gradients, double largest_norm) {
  attempt([&] {
    DeviceWorkspace work = work_space(DeviceWorkspace::bytes_for<ExactSumAccumulator>(1) +
                                      DeviceWorkspace::bytes_for<double>(1));
    auto* const squares = work.take<ExactSumAccumulator>(1);
    auto* const norm = work.take<double>(1);
    kernels::clear_sums_cuda(squares, 1, stream_);
    kernels::add_squares_cuda(gradients.data(), length(gradients), squares, stream_);
    kernels::round_norms_cuda(squares, 1, norm, stream_);
    kernels::clip_by_norm_cuda(norm, largest_norm, gradients.data(), length(gradients), stream_);
  });
}

void CudaDevice::optimizer_step(std::string_view name, const kernels::OptimizerSettings& settings,
                                const kernels::OptimizerTensor& tensor, const StepValues& values) {
  attempt([&] {
    if (being_recorded_ != nullptr) being_recorded_->optimizer = settings;
    const kernels::OptimizerTensorCuda arrays{
        tensor.parameters.data(),
        tensor.gradients.data(),
        {tensor.state[0].data(), tensor.state[1].data()},
        length(tensor.parameters),
        tensor.decays,
        being_recorded_ != nullptr ? &values_->constants : nullptr};
    kernels::find_optimizer_cuda(name)->step(values.of_step(settings), arrays, values.index,
                                             stream_);
  });
}

void CudaDevice::tile_digest(std::span<const float> values, uint64_t tensor_id,
                             kernels::Digest128* digest) {
  attempt([&] {
    kernels::tile_digest_cuda(values.data(), length(values), tensor_id, digest, stream_);
  });
}

}  // namespace reprotrain::engine
