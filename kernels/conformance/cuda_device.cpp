// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cuda_device.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/base/cuda_error.h"
#include "kernels/conformance/cuda_image_operators.h"
#include "kernels/conformance/device_array.h"
#include "kernels/digest/tile_digest_cuda.h"
#include "kernels/elementwise/activation_cuda.h"
#include "kernels/elementwise/dropout_cuda.h"
#include "kernels/elementwise/elementary_array_cuda.h"
#include "kernels/elementwise/initialisation_cuda.h"
#include "kernels/elementwise/layer_norm_cuda.h"
#include "kernels/feature/feature_cuda.h"
#include "kernels/feature/feature_list.h"
#include "kernels/loss/loss_list_cuda.h"
#include "kernels/loss/loss_requirements.h"
#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/matmul_cuda.h"
#include "kernels/optimizer/optimizer_cuda.h"
#include "kernels/random/philox_cuda.h"
#include "kernels/random/shuffle_cuda.h"
#include "kernels/reduce/column_sums_cuda.h"
#include "kernels/reduce/exact_sum_cuda.h"

namespace reprotrain::kernels {
namespace {

using ArrayFunction = void (*)(const float* x, float* y, int64_t n, cudaStream_t stream);

struct NamedFunction {
  std::string_view name;
  ArrayFunction run;
};

constexpr NamedFunction kElementary[] = {
    {"exp", rounded::exp_array_cuda},
    {"log", rounded::log_array_cuda},
    {"log1p", rounded::log1p_array_cuda},
    {"expm1", rounded::expm1_array_cuda},
    {"tanh", rounded::tanh_array_cuda},
    {"sigmoid", rounded::sigmoid_array_cuda},
    {"erf", rounded::erf_array_cuda},
    {"gelu", rounded::gelu_array_cuda},
    {"gelu_derivative", rounded::gelu_derivative_array_cuda},
};

constexpr cudaStream_t kStream = nullptr;

class CudaDevice final : public OperatorDevice {
 public:
  explicit CudaDevice(int index) : index_(index) {
    check_cuda(cudaSetDevice(index), "cudaSetDevice");
    check_cuda(cudaGetDeviceProperties(&properties_, index), "cudaGetDeviceProperties");
  }

  std::string name() const override {
    return "cuda:" + std::to_string(index_) + " " + properties_.name;
  }

  bool elementary(std::string_view function, std::span<const float> x,
                  std::span<float> y) override {
    for (const NamedFunction& candidate : kElementary) {
      if (candidate.name != function) continue;
      const DeviceArray<float> values(x);
      candidate.run(values.data(), values.data(), values.size(), kStream);
      values.read(y);
      return true;
    }
    return false;
  }

  bool matrix_product(std::string_view specification, const MatrixProduct& product) override {
    const auto definition = matmul_called(specification);
    if (!definition) return false;
    const DeviceArray<float> a(extent_of(product.a)), b(extent_of(product.b));
    const auto c_extent = extent_of(product.c);
    const DeviceArray<float> c{std::span<const float>(c_extent)};
    const int64_t n_bias = product.bias == nullptr ? 0 : product.c.n_columns;
    const DeviceArray<float> bias(std::span(product.bias, static_cast<size_t>(n_bias)));
    const auto kept_extent = extent_of(product.epilogue.kept_input);
    const DeviceArray<float> kept{std::span<const float>(kept_extent)};
    const DeviceArray<float> of(extent_of(product.epilogue.derivative_of));
    MatrixProduct on_device = product;
    on_device.epilogue.kept_input.data = kept.data();
    on_device.epilogue.derivative_of.data = of.data();
    on_device.a.data = a.data();
    on_device.b.data = b.data();
    on_device.c.data = c.data();
    on_device.bias = product.bias == nullptr ? nullptr : bias.data();
    const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    const DeviceArray<unsigned char> workspace(
        matmul_workspace_bytes(*definition, shape, matmul_plan()));
    multiply_cuda(*definition, on_device, matmul_plan(), {workspace.data(), workspace.size()},
                  kStream);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    c.read(c_extent);
    kept.read(kept_extent);
    return true;
  }

  bool activation(std::string_view name, std::span<const float> x, std::span<float> y,
                  std::span<float> derivative) override {
    const ActivationKernelCuda* kernel = find_activation_cuda(name);
    if (kernel == nullptr) return false;
    std::fill(derivative.begin(), derivative.end(), 1.0f);
    const DeviceArray<float> inputs(x), outputs(x), gradient{std::span<const float>(derivative)};
    kernel->forward(inputs.data(), outputs.data(), inputs.size(), kStream);
    const auto number = static_cast<Activation>(kernel - activation_list_cuda().data());
    const float* of = derivative_needs_input(number) ? inputs.data() : outputs.data();
    const auto row = [&](auto* data) { return dense_view(data, 1, inputs.size()); };
    finish_matrix_cuda(Epilogue::times_derivative(number, row(of)), row(gradient.data()), kStream);
    outputs.read(y);
    gradient.read(derivative);
    return true;
  }

  bool exact_sum(std::span<const float> terms, RoundedSum& sum) override {
    const DeviceArray<float> on_device(terms);
    const DeviceArray<ExactSumAccumulator> exact(1);
    clear_sums_cuda(exact.data(), 1, kStream);
    add_terms_cuda(on_device.data(), on_device.size(), exact.data(), kStream);
    sum = {rounded<float>(exact), rounded<double>(exact)};
    return true;
  }

  /// Its rounding to binary32 has no kernel: the host rounds what the device has summed.
  bool exact_sum(std::span<const double> terms, RoundedSum& sum) override {
    const DeviceArray<double> on_device(terms);
    const DeviceArray<ExactSum64Accumulator> exact(1);
    clear_sums_cuda(exact.data(), 1, kStream);
    add_terms_cuda(on_device.data(), on_device.size(), exact.data(), kStream);
    ExactSum64Accumulator on_host{};
    exact.read(&on_host);
    sum = {on_host.sum().to_float(), rounded<double>(exact)};
    return true;
  }

  bool exact_sum_of_squares(std::span<const float> terms, RoundedSum& sum) override {
    const DeviceArray<float> on_device(terms);
    const DeviceArray<ExactSumAccumulator> exact(1);
    add_squares_to(exact, on_device);
    sum = {rounded<float>(exact), rounded<double>(exact)};
    return true;
  }

  bool norm(std::span<const float> terms, double& norm) override {
    const DeviceArray<float> on_device(terms);
    const DeviceArray<double> found(1);
    norm_of_array(on_device, found);
    found.read(&norm);
    return true;
  }

  bool column_sums(ConstMatrixView m, std::span<float> sums) override {
    const DeviceArray<float> values(extent_of(m));
    const DeviceArray<ExactSumAccumulator> accumulators(m.n_columns);
    const DeviceArray<float> results(m.n_columns);
    m.data = values.data();
    clear_sums_cuda(accumulators.data(), m.n_columns, kStream);
    add_column_sums_cuda(m, accumulators.data(), kStream);
    round_sums_cuda(accumulators.data(), m.n_columns, results.data(), kStream);
    results.read(sums);
    return true;
  }

  bool column_moments(const StridedColumn& column, ColumnMoments& moments) override {
    const int64_t n_rows =
        column.rows.empty() ? 0 : *std::max_element(column.rows.begin(), column.rows.end()) + 1;
    const ConstMatrixView host{column.data, n_rows, 1, column.stride};
    const DeviceArray<float> values(extent_of(host));
    const DeviceArray<int64_t> rows(column.rows);
    const DeviceArray<MomentAccumulator> accumulator(1);
    const DeviceArray<ColumnMoments> results(1);
    clear_moments_cuda(accumulator.data(), 1, kStream);
    add_column_moments_cuda({values.data(), n_rows, 1, column.stride}, {rows.data(), rows.size()},
                            accumulator.data(), kStream);
    round_moments_cuda(accumulator.data(), 1, results.data(), kStream);
    results.read(&moments);
    return true;
  }

  /// From the front of the stream, as the kernels draw them; far blocks are not offered.
  bool random_blocks(RandomStream stream, uint64_t first_block,
                     std::span<PhiloxBlock> blocks) override {
    constexpr uint64_t kMostBlocks = uint64_t{1} << 20;
    if (first_block > kMostBlocks || blocks.size() > kMostBlocks) return false;
    const auto n_words = static_cast<int64_t>(4 * (first_block + blocks.size()));
    const DeviceArray<uint32_t> words(n_words);
    random_words_cuda(stream, words.data(), n_words, kStream);
    std::vector<uint32_t> host(static_cast<size_t>(n_words));
    words.read(host.data());
    for (size_t i = 0; i < blocks.size(); ++i) {
      std::copy_n(host.begin() + static_cast<int64_t>(4 * (first_block + i)), 4, blocks[i].word);
    }
    return true;
  }

  bool shuffle(RandomStream stream, std::span<int64_t> items) override {
    const DeviceArray<int64_t> before{std::span<const int64_t>(items)};
    const DeviceArray<int64_t> after(before.size());
    const DeviceArray<unsigned char> work(static_cast<int64_t>(shuffle_work_bytes(before.size())));
    shuffle_indices_cuda(stream, before.data(), after.data(), before.size(), work.data(), kStream);
    after.read(items);
    return true;
  }

  bool initialise_weight(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                         std::span<float> values) override {
    const DeviceArray<float> weight(n_in * n_out);
    initialise_weight_cuda(n_in, n_out, seed, instance, weight.data(), kStream);
    std::vector<float> host(static_cast<size_t>(n_in * n_out));
    weight.read(host.data());
    std::copy_n(host.begin(), std::min(host.size(), values.size()), values.begin());
    return true;
  }

  bool dropout(const Dropout& dropout, RandomStream stream, std::span<float> values) override {
    const DeviceArray<float> on_device{std::span<const float>(values)};
    apply_dropout_cuda(dropout, stream, on_device.data(), on_device.size(), kStream);
    on_device.read(values);
    return true;
  }

  bool convolution(const ConvolutionForward& pass) override {
    convolution_on_device(pass, matmul_plan());
    return true;
  }

  bool convolution_weight_gradient(const ConvolutionWeightGradient& pass) override {
    weight_gradient_on_device(pass, matmul_plan());
    return true;
  }

  bool convolution_input_gradient(const ConvolutionInputGradient& pass) override {
    input_gradient_on_device(pass, matmul_plan());
    return true;
  }

  bool pooling(std::string_view name, const PoolingCase& batch) override {
    return pooling_on_device(name, batch);
  }

  bool move_images(const ImageMovesCase& batch) override {
    move_images_on_device(batch);
    return true;
  }

  bool batch_norm(const BatchNormCase& batch) override {
    batch_norm_on_device(batch);
    return true;
  }

  bool batch_norm_inference(const BatchNormInference& pass) override {
    batch_norm_inference_on_device(pass);
    return true;
  }

  bool softmax(ConstMatrixView logits, MatrixView probabilities) override {
    const auto extent = extent_of(probabilities);
    const DeviceArray<float> inputs(extent_of(logits)), outputs{std::span<const float>(extent)};
    logits.data = inputs.data();
    probabilities.data = outputs.data();
    softmax_rows_cuda(logits, probabilities, kStream);
    outputs.read(extent);
    return true;
  }

  bool layer_norm(const LayerNormCase& batch) override {
    const DeviceArray<float> x(batch.x), scale(batch.scale), shift(batch.shift);
    const DeviceArray<float> normal(x.size()), y(x.size()), inverse(batch.n_rows);
    const DeviceArray<float> gradient{std::span<const float>(batch.gradient)};
    const DeviceArray<float> scale_gradient(batch.n), shift_gradient(batch.n);
    const DeviceArray<ExactSumAccumulator> sums(2 * batch.n);
    const auto view = [&](const DeviceArray<float>& m) {
      return dense_view(m.data(), batch.n_rows, batch.n);
    };
    layer_norm_forward_cuda(
        {view(x), span_of(scale), span_of(shift), view(normal), span_of(inverse), view(y)},
        kStream);
    layer_norm_backward_cuda({view(normal),
                              span_of(inverse),
                              span_of(scale),
                              view(gradient),
                              {},
                              span_of(scale_gradient),
                              span_of(shift_gradient)},
                             sums.data(), kStream);
    y.read(batch.y);
    gradient.read(batch.gradient);
    scale_gradient.read(batch.scale_gradient);
    shift_gradient.read(batch.shift_gradient);
    return true;
  }

  bool loss(std::string_view name, const LossBatch& batch, std::span<float> row_losses,
            MatrixView gradient, float& mean) override {
    const LossKernelCuda* kernel = find_loss_cuda(name);
    if (kernel == nullptr) return false;
    require_classes(batch.classes, name == "cross_entropy" ? batch.outputs.n_columns : 2);
    const auto gradient_extent = extent_of(gradient);
    const DeviceArray<float> outputs(extent_of(batch.outputs)), values(batch.values);
    const DeviceArray<float> weights(batch.class_weights), losses(batch.outputs.n_rows);
    const DeviceArray<float> slopes{std::span<const float>(gradient_extent)}, batch_loss(1);
    const DeviceArray<int32_t> classes(batch.classes);
    const DeviceArray<ExactSumAccumulator> sum(1);
    LossBatch on_device = batch;
    on_device.outputs.data = outputs.data();
    on_device.values = span_of(values);
    on_device.classes = span_of(classes);
    on_device.class_weights = span_of(weights);
    MatrixView gradient_on_device = gradient;
    gradient_on_device.data = slopes.data();
    kernel->run(on_device, span_of(losses), gradient_on_device, kStream);
    mean_loss_cuda(span_of(losses), sum.data(), batch_loss.data(), kStream);
    losses.read(row_losses);
    slopes.read(gradient_extent);
    batch_loss.read(&mean);
    return true;
  }

  bool clip_by_norm(std::span<float> gradients, double largest_norm, double& norm) override {
    const DeviceArray<float> on_device{std::span<const float>(gradients)};
    const DeviceArray<double> found(1);
    norm_of_array(on_device, found);
    clip_by_norm_cuda(found.data(), largest_norm, on_device.data(), on_device.size(), kStream);
    found.read(&norm);
    on_device.read(gradients);
    return true;
  }

  bool optimizer_step(std::string_view name, const OptimizerSettings& settings,
                      const OptimizerTensor& tensor, uint64_t step_index) override {
    const OptimizerKernelCuda* kernel = find_optimizer_cuda(name);
    if (kernel == nullptr) return false;
    const DeviceArray<float> parameters{std::span<const float>(tensor.parameters)};
    const DeviceArray<float> gradients(tensor.gradients);
    const DeviceArray<float> first{std::span<const float>(tensor.state[0])};
    const DeviceArray<float> second{std::span<const float>(tensor.state[1])};
    kernel->step(settings,
                 {parameters.data(),
                  gradients.data(),
                  {first.data(), second.data()},
                  parameters.size(),
                  tensor.decays},
                 step_index, kStream);
    parameters.read(tensor.parameters);
    first.read(tensor.state[0]);
    second.read(tensor.state[1]);
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
      const DeviceArray<Feature> features(std::span<const Feature>(&feature, 1));
      const DeviceArray<float> values(x);
      const DeviceArray<uint64_t> first_fault(std::span<const uint64_t>(&kNoFault, 1));
      apply_feature_cuda(features.data(), 1, values.data(), values.size(), first_fault.data(),
                         kStream);
      values.read(y);
    });
    return found;
  }

  bool digest(std::span<const float> values, uint64_t tensor_id, Digest128& digest) override {
    return digest_of(values, tensor_id, digest);
  }

  bool digest(std::span<const int64_t> values, uint64_t tensor_id, Digest128& digest) override {
    return digest_of(values, tensor_id, digest);
  }

 private:
  /// The sum, rounded once by the device.
  template <typename Result, typename Accumulator>
  static Result rounded(const DeviceArray<Accumulator>& exact) {
    const DeviceArray<Result> result(1);
    round_sums_cuda(exact.data(), 1, result.data(), kStream);
    Result sum{};
    result.read(&sum);
    return sum;
  }

  static void add_squares_to(const DeviceArray<ExactSumAccumulator>& exact,
                             const DeviceArray<float>& terms) {
    clear_sums_cuda(exact.data(), 1, kStream);
    add_squares_cuda(terms.data(), terms.size(), exact.data(), kStream);
  }

  static void norm_of_array(const DeviceArray<float>& terms, const DeviceArray<double>& norm) {
    const DeviceArray<ExactSumAccumulator> squares(1);
    add_squares_to(squares, terms);
    round_norms_cuda(squares.data(), 1, norm.data(), kStream);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");  // before `squares` goes
  }

  template <typename T>
  static bool digest_of(std::span<const T> values, uint64_t tensor_id, Digest128& digest) {
    const DeviceArray<T> on_device(values);
    const DeviceArray<Digest128> result(1);
    tile_digest_cuda(on_device.data(), on_device.size(), tensor_id, result.data(), kStream);
    result.read(&digest);
    return true;
  }

  /// Without cuBLASLt: integers are the same whoever multiplies them.
  MatmulPlan matmul_plan() const { return {properties_.multiProcessorCount, &gemm_}; }

  int index_;
  cudaDeviceProp properties_{};
  TiledInt8Gemm gemm_;
};

}  // namespace

std::unique_ptr<OperatorDevice> cuda_device(int index) {
  return std::make_unique<CudaDevice>(index);
}

}  // namespace reprotrain::kernels
