// SPDX-License-Identifier: Apache-2.0
// Where a run computes: a CPU or a GPU, with its own memory and every operator that training needs.
//
// Operators are those of kernels/, one function each, and give the bits that their specification
// says, whoever computes them. Views, spans and pointers that an operator takes are memory of the
// device; it is queued behind what was asked before, and may still run when the call returns.
//
// A device may live in a module that is loaded at run time, so no exception leaves a virtual function
// of such a device: it keeps the sentence of the first thing that failed, does nothing from then on,
// and allocate() and download() throw it. What was computed since the last download is then void.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/device/library_mode.h"
#include "include/reprotrain/error.h"
#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/conv/batch_norm.h"
#include "kernels/conv/convolution.h"
#include "kernels/conv/image_moves.h"
#include "kernels/conv/pooling.h"
#include "kernels/digest/tile_digest.h"
#include "kernels/elementwise/activation_kind.h"
#include "kernels/elementwise/dropout.h"
#include "kernels/elementwise/layer_norm.h"
#include "kernels/loss/loss_list.h"
#include "kernels/matmul/epilogue.h"
#include "kernels/matmul/matmul.h"
#include "kernels/optimizer/optimizer_list.h"

namespace reprotrain::engine {

/// What differs between the steps of a training run.
struct StepValues {
  uint64_t index = 0;  ///< from 0
  double learning_rate_factor = 1.0;

  /// What an optimizer of these settings does in this step.
  kernels::OptimizerSettings of_step(kernels::OptimizerSettings settings) const {
    settings.learning_rate = settings.learning_rate * learning_rate_factor;
    return settings;
  }
};

class ComputeDevice {
 public:
  ComputeDevice() = default;
  virtual ~ComputeDevice() = default;
  ComputeDevice(const ComputeDevice&) = delete;
  ComputeDevice& operator=(const ComputeDevice&) = delete;

  /// "cpu", "cuda:0 NVIDIA H200".
  virtual std::string name() const = 0;
  /// What a record says of a device besides: "multiprocessors" -> "132". Nothing of a CPU, which the
  /// record knows.
  virtual std::map<std::string, std::string> details() const { return {}; }
  /// Threads of the host, for what is done there.
  virtual const kernels::Parallel& host_threads() const = 0;
  /// Whether memory of the host is memory of the device, and every call has finished when it returns.
  virtual bool is_host() const = 0;
  /// What computes products of kind kLibrary; nothing where the device was not opened for them.
  virtual std::optional<LibraryReport> library_report() const { return std::nullopt; }
  /// Bytes that may still be allocated, as far as the device knows.
  virtual int64_t free_bytes() = 0;

  /// Memory for `n_bytes` >= 0, on a boundary of 64 bytes, not set. Throws Error(kEnvironment) with how
  /// much was asked for, and std::bad_alloc where the memory is the host's.
  void* allocate(int64_t n_bytes) {
    void* const memory = allocate_or_fail(n_bytes);
    require_success();
    return memory;
  }
  virtual void release(void* memory) noexcept = 0;

  /// Sets bytes to zero.
  virtual void clear(void* memory, int64_t n_bytes) = 0;
  /// Copies from the host. `from` may change when the call returns.
  virtual void upload(const void* from, void* to, int64_t n_bytes) = 0;
  /// Copies to the host, when all that was asked for is done. Throws Error(kEnvironment) if any of it
  /// failed.
  void download(const void* from, void* to, int64_t n_bytes) {
    download_or_fail(from, to, n_bytes);
    require_success();
  }
  virtual void copy(std::span<const float> from, std::span<float> to) = 0;
  /// Row rows[i] of a row-major matrix, whose rows have `row_bytes`, becomes row i of `to`; a multiple
  /// of 4 bytes.
  virtual void gather_rows(const void* from, int64_t row_bytes, std::span<const int64_t> rows,
                           void* to) = 0;

  /// Queues a training step: the operators that `work` asks for. A device may record them and repeat
  /// them for later steps of the same `recording` without calling `work` again, so it must always ask
  /// for the same operators on the same memory, but for `values`: in a step, dropout, moves of images
  /// and optimizers take their step and their factor from there.
  void run_step(const StepValues& values, int64_t recording, const std::function<void()>& work) {
    std::exception_ptr thrown;  // no exception may cross the device
    queue_step(values, recording, [&] {
      if (thrown) return;
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    if (thrown) std::rethrow_exception(thrown);
  }
  /// Forgets what was recorded: before a run begins, whose steps use other memory.
  virtual void forget_steps() = 0;

  virtual void multiply(kernels::MatmulSpecification specification,
                        const kernels::MatrixProduct& product) = 0;
  virtual void finish_matrix(const kernels::Epilogue& epilogue, kernels::MatrixView matrix) = 0;
  virtual void activate(kernels::Activation activation, std::span<const float> x,
                        std::span<float> y) = 0;
  virtual void add(std::span<const float> a, std::span<const float> b, std::span<float> sum) = 0;
  virtual void column_sums(kernels::ConstMatrixView matrix, std::span<float> sums) = 0;
  virtual void apply_dropout(const kernels::Dropout& dropout, kernels::RandomStream stream,
                             std::span<float> values) = 0;
  virtual void move_images(const kernels::ImageMoves& moves, kernels::RandomStream stream,
                           kernels::MovePass pass, kernels::ConstMatrixView from,
                           kernels::MatrixView to) = 0;
  virtual void layer_norm(const kernels::LayerNormForward& pass) = 0;
  virtual void layer_norm(const kernels::LayerNormBackward& pass) = 0;
  virtual void batch_norm(const kernels::BatchNormTraining& pass) = 0;
  virtual void batch_norm(const kernels::BatchNormBackward& pass) = 0;
  virtual void batch_norm(const kernels::BatchNormInference& pass) = 0;
  virtual void convolution(const kernels::ConvolutionForward& pass) = 0;
  virtual void convolution(const kernels::ConvolutionWeightGradient& pass) = 0;
  virtual void convolution(const kernels::ConvolutionInputGradient& pass) = 0;
  virtual void max_pooling(const kernels::MaxPoolingForward& pass) = 0;
  virtual void max_pooling(const kernels::MaxPoolingBackward& pass) = 0;
  virtual void average_pooling(const kernels::Pooling& pooling, kernels::ConstMatrixView images,
                               kernels::MatrixView outputs) = 0;
  virtual void average_pooling_backward(const kernels::Pooling& pooling,
                                        kernels::ConstMatrixView delta,
                                        kernels::MatrixView image_gradient) = 0;
  virtual void global_average(kernels::ConstMatrixView images, kernels::MatrixView outputs) = 0;
  virtual void global_average_backward(kernels::ConstMatrixView delta,
                                       kernels::MatrixView image_gradient) = 0;

  /// `name` of loss_list(); classes are in range.
  virtual void loss(std::string_view name, const kernels::LossBatch& batch,
                    std::span<float> row_losses, kernels::MatrixView gradient) = 0;
  virtual void mean_loss(std::span<const float> row_losses, float* mean) = 0;
  virtual void clip_by_global_norm(std::span<float> gradients, double largest_norm) = 0;
  /// `name` of optimizer_list(); the settings are those of every step.
  virtual void optimizer_step(std::string_view name, const kernels::OptimizerSettings& settings,
                              const kernels::OptimizerTensor& tensor, const StepValues& values) = 0;
  virtual void tile_digest(std::span<const float> values, uint64_t tensor_id,
                           kernels::Digest128* digest) = 0;

 protected:
  /// The sentence of what failed first, or nothing.
  virtual std::string failure() const = 0;
  virtual void queue_step(const StepValues& values, int64_t recording,
                          const std::function<void()>& work) = 0;
  virtual void* allocate_or_fail(int64_t n_bytes) = 0;
  virtual void download_or_fail(const void* from, void* to, int64_t n_bytes) = 0;

 private:
  void require_success() const {
    const std::string sentence = failure();
    if (!sentence.empty()) throw Error(ErrorKind::kEnvironment, sentence);
  }
};

}  // namespace reprotrain::engine
