// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cuda_image_operators.h"

#include "kernels/conformance/device_array.h"
#include "kernels/conv/batch_norm_cuda.h"
#include "kernels/conv/convolution_cuda.h"
#include "kernels/conv/image_moves_cuda.h"
#include "kernels/conv/pooling_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr cudaStream_t kStream = nullptr;

/// Work space of a pass over so many channels.
class BatchNormWork {
 public:
  explicit BatchNormWork(int64_t n_channels) : memory_(batch_norm_work_bytes(n_channels)) {}
  void* data() const { return memory_.data(); }

 private:
  DeviceArray<unsigned char> memory_;
};

/// Work space of a convolution's pass.
class ConvolutionWork {
 public:
  template <typename Pass>
  ConvolutionWork(const Pass& pass, const ConvolutionPlan& plan)
      : memory_(convolution_workspace_bytes(pass, plan)) {}
  DeviceWorkspace workspace() const { return {memory_.data(), memory_.size()}; }

 private:
  DeviceArray<unsigned char> memory_;
};

}  // namespace

void convolution_on_device(const ConvolutionForward& pass, const MatmulPlan& matmul) {
  const ConvolutionPlan plan{matmul};
  const DeviceCopy images(pass.images), weight(pass.weight), outputs(pass.outputs);
  const DeviceArray<float> bias(pass.bias);
  const ConvolutionForward on_device{pass.convolution, pass.product,   images.view(), weight.view(),
                                     span_of(bias),    outputs.view(), pass.chunk};
  const ConvolutionWork work(on_device, plan);
  convolution_forward_cuda(on_device, plan, work.workspace(), kStream);
  outputs.read(pass.outputs);
}

void weight_gradient_on_device(const ConvolutionWeightGradient& pass, const MatmulPlan& matmul) {
  const ConvolutionPlan plan{matmul};
  const DeviceCopy images(pass.images), delta(pass.delta), gradient(pass.weight_gradient);
  const DeviceArray<float> bias_gradient(pass.bias_gradient.size());
  const ConvolutionWeightGradient on_device{pass.convolution, pass.product,
                                            images.view(),    delta.view(),
                                            gradient.view(),  span_of(bias_gradient)};
  const ConvolutionWork work(on_device, plan);
  convolution_weight_gradient_cuda(on_device, plan, work.workspace(), kStream);
  gradient.read(pass.weight_gradient);
  bias_gradient.read(pass.bias_gradient);
}

void input_gradient_on_device(const ConvolutionInputGradient& pass, const MatmulPlan& matmul) {
  const ConvolutionPlan plan{matmul};
  const DeviceCopy delta(pass.delta), weight(pass.weight), gradient(pass.image_gradient);
  const ConvolutionInputGradient on_device{pass.convolution, pass.product,    delta.view(),
                                           weight.view(),    gradient.view(), pass.chunk};
  const ConvolutionWork work(on_device, plan);
  convolution_input_gradient_cuda(on_device, plan, work.workspace(), kStream);
  gradient.read(pass.image_gradient);
}

bool pooling_on_device(std::string_view name, const PoolingCase& batch) {
  const Pooling& pooling = batch.pooling;
  const DeviceCopy images(batch.images), outputs(batch.outputs);
  const DeviceCopy delta(batch.delta), gradient(batch.image_gradient);
  if (name == "average") {
    average_pooling_forward_cuda(pooling, images.view(), outputs.view(), kStream);
    average_pooling_backward_cuda(pooling, delta.view(), gradient.view(), kStream);
  } else if (name == "global_average") {
    global_average_forward_cuda(images.view(), outputs.view(), kStream);
    global_average_backward_cuda(delta.view(), gradient.view(), kStream);
  } else if (name == "max") {
    const DeviceArray<int32_t> memory(batch.outputs.n_rows * batch.outputs.n_columns);
    const auto winners = dense_view(memory.data(), batch.outputs.n_rows, batch.outputs.n_columns);
    max_pooling_forward_cuda({pooling, images.view(), outputs.view(), winners}, kStream);
    max_pooling_backward_cuda({pooling, winners, delta.view(), gradient.view()}, kStream);
  } else {
    return false;
  }
  outputs.read(batch.outputs);
  gradient.read(batch.image_gradient);
  return true;
}

void move_images_on_device(const ImageMovesCase& batch) {
  const DeviceCopy images(batch.images), outputs(batch.outputs);
  const DeviceCopy delta(batch.delta), gradient(batch.image_gradient);
  move_images_cuda(batch.moves, batch.stream, MovePass::kForward, images.view(), outputs.view(),
                   kStream);
  move_images_cuda(batch.moves, batch.stream, MovePass::kBackward, delta.view(), gradient.view(),
                   kStream);
  outputs.read(batch.outputs);
  gradient.read(batch.image_gradient);
}

void batch_norm_on_device(const BatchNormCase& batch) {
  const DeviceCopy x(batch.x), y(batch.y), gradient(batch.gradient);
  const DeviceArray<float> scale(batch.scale), shift(batch.shift);
  const DeviceArray<float> running_mean{std::span<const float>(batch.running_mean)};
  const DeviceArray<float> running_variance{std::span<const float>(batch.running_variance)};
  const DeviceArray<float> mean(scale.size()), inverse(scale.size());
  const DeviceArray<float> scale_gradient(scale.size()), shift_gradient(scale.size());
  const BatchNormWork work(batch.x.n_columns);
  batch_norm_training_cuda(
      {x.view(), span_of(scale), span_of(shift), batch.momentum, span_of(running_mean),
       span_of(running_variance), span_of(mean), span_of(inverse), y.view()},
      work.data(), kStream);
  batch_norm_backward_cuda({x.view(), span_of(mean), span_of(inverse), span_of(scale),
                            gradient.view(), span_of(scale_gradient), span_of(shift_gradient)},
                           work.data(), kStream);
  y.read(batch.y);
  gradient.read(batch.gradient);
  running_mean.read(batch.running_mean);
  running_variance.read(batch.running_variance);
  scale_gradient.read(batch.scale_gradient);
  shift_gradient.read(batch.shift_gradient);
}

void batch_norm_inference_on_device(const BatchNormInference& pass) {
  const DeviceCopy x(pass.x), y(pass.y);
  const DeviceArray<float> scale(pass.scale), shift(pass.shift);
  const DeviceArray<float> mean(pass.running_mean), variance(pass.running_variance);
  const BatchNormWork work(pass.x.n_columns);
  batch_norm_inference_cuda(
      {x.view(), span_of(scale), span_of(shift), span_of(mean), span_of(variance), y.view()},
      work.data(), kStream);
  y.read(pass.y);
}

}  // namespace reprotrain::kernels
