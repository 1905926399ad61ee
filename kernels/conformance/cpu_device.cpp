// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cpu_device.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/elementary_array.h"
#include "kernels/elementwise/initialisation.h"
#include "kernels/elementwise/layer_norm.h"
#include "kernels/elementwise/schedule_functions.h"
#include "kernels/feature/feature_list.h"
#include "kernels/loss/class_weights.h"
#include "kernels/matmul/epilogue_rows.h"
#include "kernels/matmul/matmul.h"
#include "kernels/random/shuffle.h"
#include "kernels/reduce/column_sums.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain::kernels {
namespace {

using ArrayFunction = void (*)(const float* x, float* y, int64_t n);

struct NamedFunction {
  std::string_view name;
  ArrayFunction run;
};

constexpr NamedFunction kElementary[] = {
    {"exp", rounded::exp_array},
    {"log", rounded::log_array},
    {"log1p", rounded::log1p_array},
    {"expm1", rounded::expm1_array},
    {"tanh", rounded::tanh_array},
    {"sigmoid", rounded::sigmoid_array},
    {"erf", rounded::erf_array},
    {"gelu", rounded::gelu_array},
    {"gelu_derivative", rounded::gelu_derivative_array},
};

class CpuDevice final : public OperatorDevice {
 public:
  explicit CpuDevice(const Parallel& parallel) : parallel_(parallel) {}

  std::string name() const override { return "cpu/" + std::string(name_of(cpu_path())); }

  bool elementary(std::string_view function, std::span<const float> x,
                  std::span<float> y) override {
    for (const NamedFunction& candidate : kElementary) {
      if (candidate.name != function) continue;
      candidate.run(x.data(), y.data(), static_cast<int64_t>(x.size()));
      return true;
    }
    return false;
  }

  bool activation(std::string_view name, std::span<const float> x, std::span<float> y,
                  std::span<float> derivative) override {
    const ActivationKernel* kernel = find_activation(name);
    if (kernel == nullptr) return false;
    kernel->forward(x, y, parallel_);
    std::fill(derivative.begin(), derivative.end(), 1.0f);
    const auto number = static_cast<Activation>(kernel - activation_list().data());
    const float* of = derivative_needs_input(number) ? x.data() : y.data();
    const auto row = [&](auto* data) {
      return dense_view(data, 1, static_cast<int64_t>(x.size()));
    };
    finish_matrix(Epilogue::times_derivative(number, row(of)), row(derivative.data()), parallel_);
    return true;
  }

  bool cospi_unit(double t, double& value) override {
    value = rounded::cospi_unit(t);
    return true;
  }

  bool power_of(double base, uint64_t exponent, double& value) override {
    value = rounded::power_of(base, exponent);
    return true;
  }

  bool matrix_product(std::string_view specification, const MatrixProduct& product) override {
    const auto matmul = matmul_called(specification);
    if (!matmul) return false;
    multiply(*matmul, product, parallel_);
    return true;
  }

  bool exact_sum(std::span<const float> terms, RoundedSum& sum) override {
    ExactSum exact;
    add_terms(terms, exact);
    sum = {exact.to_float(), kernels::exact_sum(terms, parallel_)};
    return true;
  }

  bool exact_sum(std::span<const double> terms, RoundedSum& sum) override {
    ExactSum64 exact;
    for (const double term : terms) exact.add(term);
    sum = {exact.to_float(), kernels::exact_sum(terms, parallel_)};
    return true;
  }

  bool exact_sum_of_squares(std::span<const float> terms, RoundedSum& sum) override {
    ExactSum exact;
    add_squares(terms, exact);
    sum = {exact.to_float(), kernels::exact_sum_of_squares(terms, parallel_)};
    return true;
  }

  bool exact_sum_of_products(std::span<const float> a, std::span<const float> b,
                             RoundedSum& sum) override {
    ExactSum exact;
    for (size_t i = 0; i < a.size(); ++i) exact.add_product(a[i], b[i]);
    sum = {exact.to_float(), exact.to_double()};
    return true;
  }

  bool norm(std::span<const float> terms, double& norm) override {
    norm = exact_norm(terms, parallel_);
    return true;
  }

  bool column_sums(ConstMatrixView m, std::span<float> sums) override {
    exact_column_sums(m, sums, parallel_);
    return true;
  }

  bool column_moments(const StridedColumn& column, ColumnMoments& moments) override {
    moments = kernels::column_moments(column);
    return true;
  }

  bool column_order(const StridedColumn& column, double& median, float& most_frequent) override {
    median = column_median(column);
    most_frequent = column_most_frequent(column);
    return true;
  }

  bool random_blocks(RandomStream stream, uint64_t first_block,
                     std::span<PhiloxBlock> blocks) override {
    for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = random_block(stream, first_block + i);
    return true;
  }

  bool shuffle(RandomStream stream, std::span<int64_t> items) override {
    shuffle_indices(stream, items);
    return true;
  }

  bool draw_parts(const PartSizes& sizes, std::span<const int32_t> class_of_row, uint64_t seed,
                  std::span<RowPart> part_of_row) override {
    kernels::draw_parts(sizes, class_of_row, seed, part_of_row);
    return true;
  }

  bool initialise_weight(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                         std::span<float> values) override {
    kernels::initialise_weight(n_in, n_out, seed, instance, values);
    return true;
  }

  bool dropout(const Dropout& dropout, RandomStream stream, std::span<float> values) override {
    apply_dropout(dropout, stream, values, parallel_);
    return true;
  }

  bool softmax(ConstMatrixView logits, MatrixView probabilities) override {
    softmax_rows(logits, probabilities, parallel_);
    return true;
  }

  bool layer_norm(const LayerNormCase& batch) override {
    std::vector<float> normal(batch.x.size()), terms(batch.x.size());
    std::vector<float> inverse(static_cast<size_t>(batch.n_rows));
    const auto view = [&](auto* data) { return dense_view(data, batch.n_rows, batch.n); };
    layer_norm_forward({view(batch.x.data()), batch.scale, batch.shift, view(normal.data()),
                        inverse, view(batch.y.data())},
                       parallel_);
    layer_norm_backward({view(normal.data()), inverse, batch.scale, view(batch.gradient.data()),
                         view(terms.data()), batch.scale_gradient, batch.shift_gradient},
                        parallel_);
    return true;
  }

  bool convolution(const ConvolutionForward& pass) override {
    convolution_forward(pass, parallel_);
    return true;
  }

  bool convolution_weight_gradient(const ConvolutionWeightGradient& pass) override {
    kernels::convolution_weight_gradient(pass, parallel_);
    return true;
  }

  bool convolution_input_gradient(const ConvolutionInputGradient& pass) override {
    kernels::convolution_input_gradient(pass, parallel_);
    return true;
  }

  bool pooling(std::string_view name, const PoolingCase& batch) override {
    const auto& [pooling, images, outputs, delta, image_gradient] = batch;
    if (name == "average") {
      average_pooling_forward(pooling, images, outputs, parallel_);
      average_pooling_backward(pooling, delta, image_gradient, parallel_);
    } else if (name == "global_average") {
      global_average_forward(images, outputs, parallel_);
      global_average_backward(delta, image_gradient, parallel_);
    } else if (name == "max") {
      std::vector<int32_t> memory(static_cast<size_t>(outputs.n_rows * outputs.n_columns));
      const auto winners = dense_view(memory.data(), outputs.n_rows, outputs.n_columns);
      max_pooling_forward({pooling, images, outputs, winners}, parallel_);
      max_pooling_backward({pooling, winners, delta, image_gradient}, parallel_);
    } else {
      return false;
    }
    return true;
  }

  bool move_images(const ImageMovesCase& batch) override {
    kernels::move_images(batch.moves, batch.stream, MovePass::kForward, batch.images, batch.outputs,
                         parallel_);
    kernels::move_images(batch.moves, batch.stream, MovePass::kBackward, batch.delta,
                         batch.image_gradient, parallel_);
    return true;
  }

  bool batch_norm(const BatchNormCase& batch) override {
    std::vector<float> mean(batch.scale.size()), inverse(batch.scale.size());
    batch_norm_training({batch.x, batch.scale, batch.shift, batch.momentum, batch.running_mean,
                         batch.running_variance, mean, inverse, batch.y},
                        parallel_);
    batch_norm_backward({batch.x, mean, inverse, batch.scale, batch.gradient, batch.scale_gradient,
                         batch.shift_gradient},
                        parallel_);
    return true;
  }

  bool batch_norm_inference(const BatchNormInference& pass) override {
    kernels::batch_norm_inference(pass, parallel_);
    return true;
  }

  bool loss(std::string_view name, const LossBatch& batch, std::span<float> row_losses,
            MatrixView gradient, float& mean) override {
    const LossKernel* kernel = find_loss(name);
    if (kernel == nullptr) return false;
    kernel->run(batch, row_losses, gradient, parallel_);
    mean = mean_loss(row_losses, parallel_);
    return true;
  }

  bool class_weights(std::span<const int64_t> class_sizes, std::span<float> weights) override {
    const int64_t n_rows = std::accumulate(class_sizes.begin(), class_sizes.end(), int64_t{0});
    const auto n_classes = static_cast<int64_t>(class_sizes.size());
    for (size_t c = 0; c < class_sizes.size(); ++c) {
      weights[c] = balanced_class_weight(n_rows, n_classes, class_sizes[c]);
    }
    return true;
  }

  bool schedule_factor(const ScheduleSettings& settings, int64_t step, double& factor) override {
    factor = kernels::schedule_factor(settings, step);
    return true;
  }

  bool clip_by_norm(std::span<float> gradients, double largest_norm, double& norm) override {
    norm = clip_by_global_norm(gradients, largest_norm, parallel_);
    return true;
  }

  bool optimizer_step(std::string_view name, const OptimizerSettings& settings,
                      const OptimizerTensor& tensor, uint64_t step_index) override {
    const OptimizerKernel* kernel = find_optimizer(name);
    if (kernel == nullptr) return false;
    kernel->step(settings, tensor, step_index, parallel_);
    return true;
  }

  bool feature(std::string_view name, std::span<const double> fields, std::span<const float> x,
               std::span<float> y) override {
    bool found = false;
    for_each_feature([&]<typename Feature>() {
      if (name != Feature::kName) return;
      found = true;
      Feature feature;
      size_t next = 0;
      for (const auto& field : Feature::fields()) feature.*field.member = fields[next++];
      for (size_t i = 0; i < x.size(); ++i) y[i] = feature(x[i]);
    });
    return found;
  }

  bool metric(std::string_view name, const MetricInputs& inputs, double& value) override {
    const Metric* metric = find_metric(name);
    if (metric == nullptr) return false;
    value = metric->compute(inputs, parallel_);
    return true;
  }

  bool digest(std::span<const float> values, uint64_t tensor_id, Digest128& digest) override {
    digest = tile_digest(values, tensor_id, parallel_);
    return true;
  }

  bool digest(std::span<const int64_t> values, uint64_t tensor_id, Digest128& digest) override {
    digest = tile_digest(values, tensor_id, parallel_);
    return true;
  }

 private:
  const Parallel& parallel_;
};

}  // namespace

std::unique_ptr<OperatorDevice> cpu_device(const Parallel& parallel) {
  return std::make_unique<CpuDevice>(parallel);
}

}  // namespace reprotrain::kernels
