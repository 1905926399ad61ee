// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cuda_device.h"

#include <algorithm>
#include <string>

#include "kernels/base/cuda_error.h"
#include "kernels/conformance/device_copy.h"
#include "kernels/elementwise/elementary_array_cuda.h"
#include "kernels/elementwise/layer_norm_cuda.h"
#include "kernels/loss/loss_list_cuda.h"
#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/sliced_matmul_cuda.h"
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

/// From the first element of the first row to the last one of the last row, gaps included.
template <typename T>
std::span<T> extent_of(const BasicMatrixView<T>& view) {
  if (view.n_rows == 0 || view.n_columns == 0) return {view.data, 0};
  return {view.data, static_cast<size_t>((view.n_rows - 1) * view.row_stride + view.n_columns)};
}

template <typename T>
std::span<T> span_of(const DeviceCopy<T>& array) {
  return {array.data(), static_cast<size_t>(array.size())};
}

/// One exact sum of an array: `add` is add_terms_cuda or add_squares_cuda.
template <class Accumulator, typename T, typename Add>
double sum_on_device(std::span<const T> terms, const Add& add) {
  const DeviceCopy<T> values(terms);
  const DeviceCopy<Accumulator> accumulator(int64_t{1});
  const DeviceCopy<double> result(int64_t{1});
  clear_sums_cuda(accumulator.data(), 1, kStream);
  add(values.data(), values.size(), accumulator.data());
  round_sums_cuda(accumulator.data(), 1, result.data(), kStream);
  double sum = 0.0;
  result.read(&sum);
  return sum;
}

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
      const DeviceCopy<float> values(x);
      candidate.run(values.data(), values.data(), values.size(), kStream);
      values.read(y);
      return true;
    }
    return false;
  }

  bool matrix_product(std::string_view specification, const MatrixProduct& product) override {
    if (specification != "fma32" && specification != "int8x2" && specification != "int8x3") {
      return false;
    }
    const DeviceCopy<float> a(extent_of(product.a)), b(extent_of(product.b));
    const auto c_extent = extent_of(product.c);
    const DeviceCopy<float> c{std::span<const float>(c_extent)};
    const int64_t n_bias = product.bias == nullptr ? 0 : product.c.n_columns;
    const DeviceCopy<float> bias(std::span(product.bias, static_cast<size_t>(n_bias)));
    MatrixProduct on_device = product;
    on_device.a.data = a.data();
    on_device.b.data = b.data();
    on_device.c.data = c.data();
    on_device.bias = product.bias == nullptr ? nullptr : bias.data();
    if (specification == "fma32") {
      multiply_in_order(on_device);
    } else {
      multiply_slices(on_device, specification == "int8x2" ? 2 : 3);
    }
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    c.read(c_extent);
    return true;
  }

  bool exact_sum(std::span<const float> terms, double& sum) override {
    sum = sum_on_device<ExactSumAccumulator>(
        terms, [](const float* x, int64_t n, auto* to) { add_terms_cuda(x, n, to, kStream); });
    return true;
  }

  bool exact_sum(std::span<const double> terms, double& sum) override {
    sum = sum_on_device<ExactSum64Accumulator>(
        terms, [](const double* x, int64_t n, auto* to) { add_terms_cuda(x, n, to, kStream); });
    return true;
  }

  bool exact_sum_of_squares(std::span<const float> terms, double& sum) override {
    sum = sum_on_device<ExactSumAccumulator>(
        terms, [](const float* x, int64_t n, auto* to) { add_squares_cuda(x, n, to, kStream); });
    return true;
  }

  bool column_sums(ConstMatrixView m, std::span<float> sums) override {
    const DeviceCopy<float> values(extent_of(m));
    const DeviceCopy<ExactSumAccumulator> accumulators(m.n_columns);
    const DeviceCopy<float> results(m.n_columns);
    m.data = values.data();
    clear_sums_cuda(accumulators.data(), m.n_columns, kStream);
    add_column_sums_cuda(m, accumulators.data(), kStream);
    round_sums_cuda(accumulators.data(), m.n_columns, results.data(), kStream);
    results.read(sums);
    return true;
  }

  bool column_moments(const StridedColumn& column, ColumnMoments& moments) override {
    int64_t n_rows = 0;
    for (const int64_t row : column.rows) n_rows = std::max(n_rows, row + 1);
    ConstMatrixView m{column.data, n_rows, 1, column.stride};
    const DeviceCopy<float> values(extent_of(m));
    const DeviceCopy<int64_t> rows(column.rows);
    const DeviceCopy<MomentAccumulator> accumulator(int64_t{1});
    const DeviceCopy<ColumnMoments> result(int64_t{1});
    m.data = values.data();
    clear_moments_cuda(accumulator.data(), 1, kStream);
    add_column_moments_cuda(m, {rows.data(), rows.size()}, accumulator.data(), kStream);
    round_moments_cuda(accumulator.data(), 1, result.data(), kStream);
    result.read(&moments);
    return true;
  }

  bool softmax(ConstMatrixView logits, MatrixView probabilities) override {
    const DeviceCopy<float> inputs(extent_of(logits));
    const auto extent = extent_of(probabilities);
    const DeviceCopy<float> outputs{std::span<const float>(extent)};
    logits.data = inputs.data();
    probabilities.data = outputs.data();
    softmax_rows_cuda(logits, probabilities, kStream);
    outputs.read(extent);
    return true;
  }

  bool layer_norm(const LayerNormCase& batch) override {
    const DeviceCopy<float> x(batch.x), scale(batch.scale), shift(batch.shift), y(x.size());
    const DeviceCopy<float> gradient{std::span<const float>(batch.gradient)};
    const DeviceCopy<float> normal(x.size()), inverse(batch.n_rows);
    const DeviceCopy<float> scale_gradient(batch.n), shift_gradient(batch.n);
    const DeviceCopy<ExactSumAccumulator> sums(2 * batch.n);
    const auto view = [&](float* data) { return dense_view(data, batch.n_rows, batch.n); };
    layer_norm_forward_cuda({view(x.data()), span_of(scale), span_of(shift), view(normal.data()),
                             span_of(inverse), view(y.data())},
                            kStream);
    layer_norm_backward_cuda(
        {view(normal.data()), span_of(inverse), span_of(scale), view(gradient.data()), MatrixView{},
         span_of(scale_gradient), span_of(shift_gradient)},
        sums.data(), kStream);
    y.read(batch.y);
    gradient.read(batch.gradient);
    scale_gradient.read(batch.scale_gradient);
    shift_gradient.read(batch.shift_gradient);
    return true;
  }

  bool loss(std::string_view name, const LossBatch& batch, std::span<float> row_losses,
            MatrixView gradient, float& mean) override {
    const DeviceCopy<float> outputs(extent_of(batch.outputs));
    const DeviceCopy<float> values(batch.values), weights(batch.class_weights);
    const DeviceCopy<int32_t> classes(batch.classes);
    const DeviceCopy<float> losses(static_cast<int64_t>(row_losses.size())), total(int64_t{1});
    const auto extent = extent_of(gradient);
    const DeviceCopy<float> slopes{std::span<const float>(extent)};
    const DeviceCopy<ExactSumAccumulator> sum(int64_t{1});
    LossBatch on_device = batch;
    on_device.outputs.data = outputs.data();
    on_device.values = span_of(values);
    on_device.class_weights = span_of(weights);
    on_device.classes = span_of(classes);
    gradient.data = slopes.data();
    for (const CudaLossKernel& kernel : cuda_loss_list()) {
      if (kernel.name != name) continue;
      kernel.run(on_device, span_of(losses), gradient, kStream);
      mean_loss_cuda(span_of(losses), sum.data(), total.data(), kStream);
      losses.read(row_losses);
      slopes.read(extent);
      total.read(&mean);
      return true;
    }
    return false;
  }

 private:
  void multiply_in_order(const MatrixProduct& product) const {
    const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    constexpr int64_t kLargestWorkspace = int64_t{1} << 28;
    const OrderedMatmulPlan plan =
        plan_ordered_matmul(shape, properties_.multiProcessorCount, kLargestWorkspace);
    const int64_t size_bytes = workspace_bytes_of(plan, shape);
    const DeviceCopy<float> workspace(size_bytes / static_cast<int64_t>(sizeof(float)));
    ordered_matmul_cuda(product, plan, {workspace.data(), size_bytes}, kStream);
  }

  /// Without cuBLASLt: integers are the same whoever multiplies them.
  static void multiply_slices(const MatrixProduct& product, int n_digits) {
    const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    const DeviceCopy<unsigned char> workspace(sliced_workspace_bytes(shape, n_digits));
    const TiledInt8Gemm gemm;
    sliced_matmul_cuda(product, {n_digits, &gemm}, {workspace.data(), workspace.size()}, kStream);
  }

  int index_;
  cudaDeviceProp properties_{};
};

}  // namespace

std::unique_ptr<OperatorDevice> cuda_device(int index) {
  return std::make_unique<CudaDevice>(index);
}

}  // namespace reprotrain::kernels
