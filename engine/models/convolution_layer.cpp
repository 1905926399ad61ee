// SPDX-License-Identifier: Apache-2.0
#include "engine/models/convolution_layer.h"

#include <algorithm>

#include "kernels/elementwise/initialisation.h"

namespace reprotrain::engine {

ConvolutionLayer::ConvolutionLayer(int64_t index, const kernels::Convolution& convolution,
                                   kernels::MatmulSpecification matmul, bool has_bias)
    : index_(index), convolution_(convolution), matmul_(matmul), has_bias_(has_bias) {
  kernels::require_convolution(convolution_);
}

std::vector<ParameterRequest> ConvolutionLayer::parameters() const {
  const std::string prefix = "conv" + std::to_string(index_);
  const auto& c = convolution_;
  std::vector<ParameterRequest> requests = {
      {prefix + "/weight", {c.y.kernel, c.x.kernel, c.group_in(), c.n_channels_out}, true}};
  if (has_bias_) requests.push_back({prefix + "/bias", {c.n_channels_out}});
  return requests;
}

void ConvolutionLayer::initialise(size_t index, uint64_t seed, uint32_t instance,
                                  std::span<float> values) const {
  if (index == 0) {
    const int64_t n_taps = convolution_.n_taps();
    kernels::initialise_weight(n_taps * convolution_.group_in(), n_taps * convolution_.group_out(),
                               seed, instance, values);
  } else {
    std::fill(values.begin(), values.end(), 0.0f);
  }
}

void ConvolutionLayer::place(std::span<const int64_t> offsets) {
  weight_offset_ = offsets[0];
  if (has_bias_) bias_offset_ = offsets[1];
}

void ConvolutionLayer::forward(kernels::ConstMatrixView inputs, std::span<const float> parameters,
                               kernels::MatrixView outputs, ComputeDevice& device) const {
  kernels::ConvolutionForward pass;
  pass.convolution = convolution_;
  pass.product = matmul_;
  pass.images = inputs;
  pass.weight = weight(parameters);
  pass.bias = bias(parameters);
  pass.outputs = outputs;
  device.convolution(pass);
}

kernels::ConstMatrixView ConvolutionLayer::forward_training(kernels::ConstMatrixView inputs,
                                                            const ParameterArenas& arenas,
                                                            StepPosition /*position*/,
                                                            ComputeDevice& device) {
  inputs_ = inputs;
  const kernels::MatrixView outputs = outputs_.matrix(device, inputs.n_rows, n_outputs());
  forward(inputs, arenas.values, outputs, device);
  return outputs;
}

kernels::MatrixView ConvolutionLayer::backward(kernels::MatrixView gradient,
                                               const ParameterArenas& arenas,
                                               const InputGradient& wanted, ComputeDevice& device) {
  kernels::ConvolutionWeightGradient weights;
  weights.convolution = convolution_;
  weights.product = matmul_;
  weights.images = inputs_;
  weights.delta = gradient;
  weights.weight_gradient = weight(arenas.gradients);
  weights.bias_gradient = bias(arenas.gradients);
  device.convolution(weights);
  if (!wanted.is_wanted) return {};

  kernels::ConvolutionInputGradient images;
  images.convolution = convolution_;
  images.product = matmul_;
  images.delta = gradient;
  images.weight = weight(arenas.values);
  images.image_gradient = input_gradient_.matrix(device, gradient.n_rows, convolution_.n_inputs());
  device.convolution(images);
  device.finish_matrix(wanted.end, images.image_gradient);
  return images.image_gradient;
}

}  // namespace reprotrain::engine
