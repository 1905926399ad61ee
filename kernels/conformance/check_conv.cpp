// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"
#include "kernels/matmul/matmul.h"
#include "kernels/random/streams.h"

namespace reprotrain::kernels {
namespace {

constexpr uint64_t kSecondOperand = uint64_t{1} << 20;
constexpr uint64_t kThirdOperand = uint64_t{1} << 21;
constexpr uint64_t kFourthOperand = uint64_t{1} << 22;
constexpr uint64_t kFifthOperand = uint64_t{1} << 23;

/// A dense matrix whose element i is element(family, first + i), or memory for a result.
class Matrix {
 public:
  Matrix(int64_t n_rows, int64_t n_columns)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        values_(static_cast<size_t>(n_rows * n_columns), float_from_bits(0x7fc0dead)) {}
  Matrix(std::string_view family, uint64_t first, int64_t n_rows, int64_t n_columns)
      : Matrix(n_rows, n_columns) {
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = element(family, first + i);
  }
  MatrixView view() { return dense_view(values_.data(), n_rows_, n_columns_); }
  std::vector<float>& values() { return values_; }

 private:
  int64_t n_rows_, n_columns_;
  std::vector<float> values_;
};

std::vector<float> elements(std::string_view family, uint64_t first, int64_t n) {
  return Matrix(family, first, 1, n).values();
}

/// What a golden line says of a convolution: SPEC FAMILY GEOMETRY.
struct ConvolutionLine {
  MatmulSpecification product;
  std::string family;
  int64_t n;
  Convolution convolution;

  explicit ConvolutionLine(WordReader& words) {
    const std::string name = words.text();
    const auto specification = matmul_called(name);
    if (!specification) throw std::runtime_error("a golden line names the product " + name);
    product = *specification;
    family = words.text();
    n = words.count();
    Convolution& c = convolution;
    c.y.size = words.count(), c.x.size = words.count();
    c.n_channels_in = words.count(), c.n_channels_out = words.count();
    c.y.kernel = words.count(), c.x.kernel = words.count();
    c.y.stride = words.count(), c.x.stride = words.count();
    c.y.padding_before = words.count(), c.x.padding_before = words.count();
    c.y.padding_after = words.count(), c.x.padding_after = words.count();
    c.y.dilation = words.count(), c.x.dilation = words.count();
    c.n_groups = words.count();
  }
  Matrix images() const { return {family, 0, n, convolution.n_inputs()}; }
  Matrix weight() const {
    return {family, kSecondOperand, convolution.n_weight_rows(), convolution.n_channels_out};
  }
  Matrix delta() const { return {family, kFourthOperand, n, convolution.n_outputs()}; }
};

/// FAMILY n H W C, and with windows KH KW SY SX top left bottom right.
struct PoolingLine {
  std::string family;
  int64_t n;
  Pooling pooling;

  PoolingLine(WordReader& words, bool has_windows) {
    family = words.text();
    n = words.count();
    pooling.y.size = words.count(), pooling.x.size = words.count();
    pooling.n_channels = words.count();
    if (!has_windows) return;
    pooling.y.kernel = words.count(), pooling.x.kernel = words.count();
    pooling.y.stride = words.count(), pooling.x.stride = words.count();
    pooling.y.padding_before = words.count(), pooling.x.padding_before = words.count();
    pooling.y.padding_after = words.count(), pooling.x.padding_after = words.count();
  }
};

bool check_pooling_line(OperatorDevice& device, std::string_view name, const PoolingLine& line,
                        int64_t n_outputs, Words& out) {
  Matrix images(line.family, 0, line.n, line.pooling.n_inputs());
  Matrix delta(line.family, kFourthOperand, line.n, n_outputs);
  Matrix outputs(line.n, n_outputs), gradient(line.n, line.pooling.n_inputs());
  const PoolingCase batch{line.pooling, images.view(), outputs.view(), delta.view(),
                          gradient.view()};
  if (!device.pooling(name, batch)) return false;
  append_words(outputs.values(), out);
  append_words(gradient.values(), out);
  return true;
}

std::vector<float> starting_variances(int64_t n_channels) {
  std::vector<float> variances;
  for (int64_t c = 0; c < n_channels; ++c) variances.push_back(static_cast<float>(1 + c));
  return variances;
}

}  // namespace

bool check_convolution(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const ConvolutionLine line(words);
  const Convolution& c = line.convolution;
  Matrix images = line.images(), weight = line.weight(), outputs(line.n, c.n_outputs());
  const std::vector<float> bias = elements(line.family, kThirdOperand, c.n_channels_out);
  ConvolutionForward pass{c, line.product, images.view(), weight.view(), {}, outputs.view(), {}};
  if (words.flag()) pass.bias = bias;
  if (!device.convolution(pass)) return false;
  append_words(outputs.values(), out);
  return true;
}

bool check_convolution_weight_gradient(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const ConvolutionLine line(words);
  const Convolution& c = line.convolution;
  Matrix images = line.images(), delta = line.delta();
  Matrix gradient(c.n_weight_rows(), c.n_channels_out), bias_gradient(1, c.n_channels_out);
  if (!device.convolution_weight_gradient({c, line.product, images.view(), delta.view(),
                                           gradient.view(), bias_gradient.values()})) {
    return false;
  }
  append_words(gradient.values(), out);
  append_words(bias_gradient.values(), out);
  return true;
}

bool check_convolution_input_gradient(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const ConvolutionLine line(words);
  const Convolution& c = line.convolution;
  Matrix delta = line.delta(), weight = line.weight(), gradient(line.n, c.n_inputs());
  if (!device.convolution_input_gradient(
          {c, line.product, delta.view(), weight.view(), gradient.view(), {}})) {
    return false;
  }
  append_words(gradient.values(), out);
  return true;
}

bool check_pooling(OperatorDevice& device, std::string_view name, const Words& in, Words& out) {
  WordReader words(in);
  const PoolingLine line(words, true);
  return check_pooling_line(device, name, line, line.pooling.n_outputs(), out);
}

bool check_global_average(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const PoolingLine line(words, false);
  return check_pooling_line(device, "global_average", line, line.pooling.n_channels, out);
}

bool check_image_moves(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const int64_t n = words.count();
  ImageMoves moves;
  moves.height = words.count(), moves.width = words.count(), moves.n_channels = words.count();
  moves.flip_threshold = ImageMoves::threshold_of(static_cast<double>(words.decimal()) / 100.0);
  moves.longest_shift = words.count();
  const uint64_t seed = words.decimal();
  const auto layer = static_cast<uint32_t>(words.decimal());
  const auto step = static_cast<uint32_t>(words.decimal());
  Matrix images(family, 0, n, moves.n_numbers()), outputs(n, moves.n_numbers());
  Matrix delta(family, kFourthOperand, n, moves.n_numbers()), gradient(n, moves.n_numbers());
  if (!device.move_images({moves,
                           {seed, stream_of(StreamPurpose::kAugmentation, layer), step},
                           images.view(),
                           outputs.view(),
                           delta.view(),
                           gradient.view()})) {
    return false;
  }
  append_words(outputs.values(), out);
  append_words(gradient.values(), out);
  return true;
}

bool check_batch_norm(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const int64_t n = words.count(), n_channels = words.count();
  Matrix x(family, 0, n, n_channels), y(n, n_channels);
  Matrix gradient(family, kFourthOperand, n, n_channels);
  const std::vector<float> scale = elements("unit", kSecondOperand, n_channels);
  const std::vector<float> shift = elements("unit", kThirdOperand, n_channels);
  std::vector<float> mean = elements("unit", kFifthOperand, n_channels);
  std::vector<float> variance = starting_variances(n_channels);
  std::vector<float> scale_gradient(scale.size()), shift_gradient(scale.size());
  const double momentum = static_cast<double>(words.decimal()) / 100.0;
  if (!device.batch_norm({x.view(), scale, shift, momentum, mean, variance, y.view(),
                          gradient.view(), scale_gradient, shift_gradient})) {
    return false;
  }
  for (const auto* values :
       {&y.values(), &gradient.values(), &mean, &variance, &scale_gradient, &shift_gradient}) {
    append_words(*values, out);
  }
  return true;
}

bool check_batch_norm_inference(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const int64_t n = words.count(), n_channels = words.count();
  Matrix x(family, 0, n, n_channels), y(n, n_channels);
  const std::vector<float> scale = elements("unit", kSecondOperand, n_channels);
  const std::vector<float> shift = elements("unit", kThirdOperand, n_channels);
  const std::vector<float> mean = elements("unit", kFifthOperand, n_channels);
  const std::vector<float> variance = starting_variances(n_channels);
  if (!device.batch_norm_inference({x.view(), scale, shift, mean, variance, y.view()})) {
    return false;
  }
  append_words(y.values(), out);
  return true;
}

}  // namespace reprotrain::kernels
