// SPDX-License-Identifier: Apache-2.0
#include "engine/models/layer_builder.h"

#include <algorithm>
#include <string>

#include "engine/models/activation_layer.h"
#include "engine/models/augmentation_layer.h"
#include "engine/models/average_pool_layer.h"
#include "engine/models/batch_norm_layer.h"
#include "engine/models/convolution_layer.h"
#include "engine/models/dense_layer.h"
#include "engine/models/dropout_layer.h"
#include "engine/models/global_average_layer.h"
#include "engine/models/max_pool_layer.h"
#include "engine/models/norm_layer.h"
#include "engine/models/residual_layer.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

[[noreturn]] void refuse(const std::string& pointer, const std::string& what) {
  throw Error(ErrorKind::kConfig, pointer + ": " + what);
}

/// What a row holds between two layers: an image, or numbers without a geometry.
struct RowShape {
  bool is_image = false;
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 1;

  int64_t n_pixels() const { return height * width; }
  int64_t size() const { return n_pixels() * channels; }
  bool operator==(const RowShape&) const = default;
  std::string text() const {
    if (!is_image) return std::to_string(channels) + " numbers";
    return "an image of " + std::to_string(height) + " x " + std::to_string(width) + " x " +
           std::to_string(channels);
  }
};

class LayerBuilder {
 public:
  LayerBuilder(kernels::MatmulSpecification matmul, RowShape shape)
      : matmul_(matmul), shape_(shape) {}

  LayerChain build(const std::vector<LayerConfig>& configs, const std::string& pointer) {
    LayerChain chain;
    for (size_t i = 0; i < configs.size(); ++i) {
      append(configs[i], pointer + "/" + std::to_string(i), chain);
    }
    return chain;
  }

  void append_dense(int64_t n_units, std::optional<Activation> activation,
                    const std::string& pointer, LayerChain& chain) {
    require_vector(pointer, "a dense layer");
    chain.add(
        std::make_unique<DenseLayer>(n_dense_++, shape_.channels, n_units, matmul_, activation));
    shape_.channels = n_units;
  }

 private:
  void append(const LayerConfig& config, const std::string& pointer, LayerChain& chain) {
    require_ranges(config, pointer);
    switch (config.kind) {
      case LayerKind::kConv2d:
        return append_convolution(config, pointer, chain);
      case LayerKind::kMaxPool:
        return chain.add(std::make_unique<MaxPoolLayer>(pooling(config, pointer)));
      case LayerKind::kAveragePool:
        return chain.add(std::make_unique<AveragePoolLayer>(pooling(config, pointer)));
      case LayerKind::kGlobalAveragePool:
        require_image(pointer, name_of(config.kind));
        chain.add(std::make_unique<GlobalAverageLayer>(shape_.n_pixels(), shape_.channels));
        shape_ = {false, 1, 1, shape_.channels};
        return;
      case LayerKind::kBatchNorm:
        return chain.add(std::make_unique<BatchNormLayer>(n_batch_norms_++, shape_.n_pixels(),
                                                          shape_.channels, config.momentum));
      case LayerKind::kActivation:
        if (!config.activation) refuse(pointer, "the function is missing; name one");
        return append_activation(config.activation, chain);
      case LayerKind::kDropout:
        if (config.probability == 0.0) return;
        return chain.add(
            std::make_unique<DropoutLayer>(n_dropouts_++, shape_.size(), config.probability));
      case LayerKind::kFlatten:
        shape_ = {false, 1, 1, shape_.size()};
        return;
      case LayerKind::kDense:
        return append_dense(config.size, config.activation, pointer, chain);
      case LayerKind::kLayerNorm:
        require_vector(pointer, "layer_norm");
        return chain.add(std::make_unique<NormLayer>(n_norms_++, shape_.channels));
      case LayerKind::kResidual:
        return append_residual(config, pointer, chain);
      case LayerKind::kRandomFlip:
      case LayerKind::kRandomShift:
        return append_augmentation(config, pointer, chain);
    }
  }

  // A configuration file is checked by its schema; a model file may hold anything.
  static void require_ranges(const LayerConfig& c, const std::string& pointer) {
    constexpr int64_t kMostUnits = int64_t{1} << 20, kLargestWindow = 255;
    const bool fits = std::min({c.size, c.window, c.stride, c.dilation, c.groups}) >= 1 &&
                      std::max(c.size, c.groups) <= kMostUnits &&
                      std::max({c.window, c.stride, c.dilation}) <= kLargestWindow &&
                      c.probability >= 0.0 && c.probability < 1.0 && c.momentum >= 0.0 &&
                      c.momentum <= 1.0 && c.pixels >= 0 && c.pixels <= kLargestWindow;
    if (!fits) refuse(pointer, "a number of this layer is out of range");
  }

  void require_image(const std::string& pointer, const std::string& who) const {
    if (shape_.is_image) return;
    refuse(pointer, who + " needs an image, but finds " + shape_.text() +
                        "; set /model/image, or move the layer before flatten and "
                        "global_average_pool");
  }

  void require_vector(const std::string& pointer, const std::string& who) const {
    if (!shape_.is_image) return;
    refuse(pointer, who + " needs numbers without a geometry, but finds " + shape_.text() +
                        "; put flatten or global_average_pool before it");
  }

  static kernels::WindowAxis axis(int64_t size, const LayerConfig& config) {
    const kernels::WindowAxis plain{size, config.window, config.stride, config.dilation};
    return config.pads ? kernels::with_same_padding(plain) : plain;
  }

  void require_windows(const kernels::WindowAxis& y, const kernels::WindowAxis& x,
                       const std::string& pointer) const {
    if (y.n_windows() >= 1 && x.n_windows() >= 1) return;
    const std::string reach = std::to_string(y.dilation * (y.kernel - 1) + 1);
    refuse(pointer, "a window of " + reach + " x " + reach + " pixels does not fit " +
                        shape_.text() + "; make it smaller, or set padding to \"same\"");
  }

  kernels::Pooling pooling(const LayerConfig& config, const std::string& pointer) {
    require_image(pointer, name_of(config.kind));
    const kernels::Pooling result{axis(shape_.height, config), axis(shape_.width, config),
                                  shape_.channels};
    require_windows(result.y, result.x, pointer);
    shape_.height = result.y.n_windows();
    shape_.width = result.x.n_windows();
    return result;
  }

  void append_convolution(const LayerConfig& config, const std::string& pointer,
                          LayerChain& chain) {
    require_image(pointer, name_of(config.kind));
    const kernels::Convolution convolution{axis(shape_.height, config), axis(shape_.width, config),
                                           shape_.channels, config.size, config.groups};
    require_windows(convolution.y, convolution.x, pointer);
    if (shape_.channels % config.groups != 0 || config.size % config.groups != 0) {
      refuse(pointer, std::to_string(config.groups) + " groups must divide the " +
                          std::to_string(shape_.channels) + " channels found and the " +
                          std::to_string(config.size) + " channels made; choose a divisor of both");
    }
    chain.add(
        std::make_unique<ConvolutionLayer>(n_convolutions_++, convolution, matmul_, config.bias));
    shape_ = {true, convolution.y.n_windows(), convolution.x.n_windows(), config.size};
    append_activation(config.activation, chain);
  }

  void append_activation(std::optional<Activation> activation, LayerChain& chain) const {
    if (activation) chain.add(std::make_unique<ActivationLayer>(shape_.size(), *activation));
  }

  void append_residual(const LayerConfig& config, const std::string& pointer, LayerChain& chain) {
    const RowShape found = shape_;
    LayerChain branch = build(config.branch, pointer + "/layers");
    const RowShape of_branch = shape_;
    shape_ = found;
    LayerChain shortcut = build(config.shortcut, pointer + "/shortcut");
    if (shape_ != of_branch) {
      refuse(pointer, "the layers make " + of_branch.text() + ", the shortcut " + shape_.text() +
                          "; both must make the same: give shortcut a conv2d with kernel 1 and "
                          "the channels and stride of the layers");
    }
    chain.add(std::make_unique<ResidualLayer>(std::move(branch), std::move(shortcut), found.size(),
                                              shape_.size()));
  }

  void append_augmentation(const LayerConfig& config, const std::string& pointer,
                           LayerChain& chain) {
    require_image(pointer, name_of(config.kind));
    kernels::ImageMoves moves{shape_.height, shape_.width, shape_.channels};
    if (config.kind == LayerKind::kRandomFlip) {
      moves.flip_threshold = kernels::ImageMoves::threshold_of(config.probability);
    } else {
      moves.longest_shift = config.pixels;
    }
    chain.add(std::make_unique<AugmentationLayer>(n_augmentations_++, moves));
  }

  kernels::MatmulSpecification matmul_;
  RowShape shape_;
  int64_t n_convolutions_ = 0;
  int64_t n_batch_norms_ = 0;
  int64_t n_dense_ = 0;
  int64_t n_norms_ = 0;
  int64_t n_dropouts_ = 0;
  int64_t n_augmentations_ = 0;
};

RowShape input_shape(const ModelConfig& config, int64_t n_features) {
  if (!config.image) return {false, 1, 1, n_features};
  const auto [height, width, channels] = *config.image;
  const bool in_range = std::min({height, width, channels}) >= 1 &&
                        std::max({height, width, channels}) <= kernels::kMostPixelsOfAxis;
  if (!in_range) refuse("/model/image", "a number of the image is out of range");
  const RowShape shape{true, height, width, channels};
  if (shape.size() == n_features) return shape;
  refuse("/model/image", shape.text() + " has " + std::to_string(shape.size()) +
                             " numbers, but a row has " + std::to_string(n_features) +
                             " features; change the image, or /features and /data/columns");
}

}  // namespace

LayerChain build_configured_layers(const ModelConfig& config, int64_t n_features,
                                   int64_t n_outputs) {
  LayerBuilder builder(config.product(), input_shape(config, n_features));
  LayerChain chain = builder.build(config.layers, "/model/layers");
  builder.append_dense(n_outputs, std::nullopt, "/model/layers", chain);
  return chain;
}

}  // namespace reprotrain::engine
