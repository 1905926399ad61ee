// SPDX-License-Identifier: Apache-2.0
// Devices that compute the same operators in another way: what an operator declares itself
// invariant under, done to it. Each offers exactly the operators that declare that invariance.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/conformance/operator_device.h"
#include "kernels/random/shuffle.h"

namespace reprotrain::kernels::testing {

/// Calls `use(begin, end)` on uneven parts that cover [0, n): 1, 2, 3, ... elements.
template <typename Use>
void for_each_part(size_t n, const Use& use) {
  for (size_t begin = 0, length = 1; begin < n; begin += length - 1) {
    use(begin, std::min(n, begin + length));
    ++length;
  }
}

/// Every output in small parts by itself: another batch, another shard.
class PiecewiseDevice final : public OperatorDevice {
 public:
  explicit PiecewiseDevice(OperatorDevice& device) : device_(device) {}
  std::string name() const override { return device_.name() + " in pieces"; }

  bool elementary(std::string_view function, std::span<const float> x,
                  std::span<float> y) override {
    return in_parts(x.size(), [&](size_t first, size_t n) {
      return device_.elementary(function, x.subspan(first, n), y.subspan(first, n));
    });
  }
  bool activation(std::string_view name, std::span<const float> x, std::span<float> y,
                  std::span<float> derivative) override {
    return in_parts(x.size(), [&](size_t first, size_t n) {
      return device_.activation(name, x.subspan(first, n), y.subspan(first, n),
                                derivative.subspan(first, n));
    });
  }
  bool feature(std::string_view name, std::span<const double> fields, std::span<const float> x,
               std::span<float> y) override {
    return in_parts(x.size(), [&](size_t first, size_t n) {
      return device_.feature(name, fields, x.subspan(first, n), y.subspan(first, n));
    });
  }
  bool cospi_unit(double t, double& value) override { return device_.cospi_unit(t, value); }
  bool power_of(double base, uint64_t exponent, double& value) override {
    return device_.power_of(base, exponent, value);
  }
  bool schedule_factor(const ScheduleSettings& settings, int64_t step, double& factor) override {
    return device_.schedule_factor(settings, step, factor);
  }

  /// Rows of C in parts, each part in two halves of columns.
  bool matrix_product(std::string_view specification, const MatrixProduct& whole) override {
    const auto n_columns = whole.c.n_columns;
    return in_parts(static_cast<size_t>(whole.c.n_rows), [&](size_t first, size_t n) {
      const auto row = static_cast<int64_t>(first), n_rows = static_cast<int64_t>(n);
      const auto middle = n_columns / 2;
      return device_.matrix_product(specification, part(whole, row, n_rows, 0, middle)) &&
             device_.matrix_product(specification,
                                    part(whole, row, n_rows, middle, n_columns - middle));
    });
  }
  bool column_sums(ConstMatrixView m, std::span<float> sums) override {
    return in_parts(sums.size(), [&](size_t first, size_t n) {
      const ConstMatrixView columns{m.data + first, m.n_rows, static_cast<int64_t>(n),
                                    m.row_stride};
      return device_.column_sums(columns, sums.subspan(first, n));
    });
  }
  bool softmax(ConstMatrixView logits, MatrixView probabilities) override {
    return in_parts(static_cast<size_t>(logits.n_rows), [&](size_t first, size_t n) {
      const auto row = static_cast<int64_t>(first), n_rows = static_cast<int64_t>(n);
      return device_.softmax(
          {logits.row(row), n_rows, logits.n_columns, logits.row_stride},
          {probabilities.row(row), n_rows, probabilities.n_columns, probabilities.row_stride});
    });
  }
  bool convolution(const ConvolutionForward& whole) override {
    return in_parts_of_rows(whole.images, [&](int64_t first, int64_t n) {
      ConvolutionForward pass = whole;
      pass.images = rows(whole.images, first, n);
      pass.outputs = rows(whole.outputs, first, n);
      return device_.convolution(pass);
    });
  }
  bool convolution_input_gradient(const ConvolutionInputGradient& whole) override {
    return in_parts_of_rows(whole.delta, [&](int64_t first, int64_t n) {
      ConvolutionInputGradient pass = whole;
      pass.delta = rows(whole.delta, first, n);
      pass.image_gradient = rows(whole.image_gradient, first, n);
      return device_.convolution_input_gradient(pass);
    });
  }
  bool pooling(std::string_view name, const PoolingCase& whole) override {
    return in_parts_of_rows(whole.images, [&](int64_t first, int64_t n) {
      return device_.pooling(
          name, {whole.pooling, rows(whole.images, first, n), rows(whole.outputs, first, n),
                 rows(whole.delta, first, n), rows(whole.image_gradient, first, n)});
    });
  }
  bool batch_norm_inference(const BatchNormInference& whole) override {
    return in_parts_of_rows(whole.x, [&](int64_t first, int64_t n) {
      BatchNormInference pass = whole;
      pass.x = rows(whole.x, first, n);
      pass.y = rows(whole.y, first, n);
      return device_.batch_norm_inference(pass);
    });
  }
  bool random_blocks(RandomStream stream, uint64_t first_block,
                     std::span<PhiloxBlock> blocks) override {
    return in_parts(blocks.size(), [&](size_t first, size_t n) {
      return device_.random_blocks(stream, first_block + first, blocks.subspan(first, n));
    });
  }
  /// As the front of a longer array.
  bool dropout(const Dropout& dropout, RandomStream stream, std::span<float> values) override {
    std::vector<float> longer(values.begin(), values.end());
    longer.resize(values.size() + 7, 1.0f);
    const bool offered = device_.dropout(dropout, stream, longer);
    std::copy_n(longer.begin(), values.size(), values.begin());
    return offered;
  }
  /// A longer batch leaves the moves of its first rows as they are.
  bool move_images(const ImageMovesCase& whole) override {
    const int64_t n = whole.images.n_rows, n_numbers = whole.moves.n_numbers();
    const auto longer = [&](const ConstMatrixView& m) {
      std::vector<float> values(m.data, m.data + n * n_numbers);
      values.resize(static_cast<size_t>((n + 3) * n_numbers), 1.0f);
      return values;
    };
    const auto view = [&](auto& values) { return dense_view(values.data(), n + 3, n_numbers); };
    const std::vector<float> images = longer(whole.images), delta = longer(whole.delta);
    std::vector<float> outputs(images.size()), gradient(images.size());
    const bool offered = device_.move_images(
        {whole.moves, whole.stream, view(images), view(outputs), view(delta), view(gradient)});
    std::copy_n(outputs.begin(), n * n_numbers, whole.outputs.data);
    std::copy_n(gradient.begin(), n * n_numbers, whole.image_gradient.data);
    return offered;
  }
  bool initialise_weight(int64_t n_in, int64_t n_out, uint64_t seed, uint32_t instance,
                         std::span<float> values) override {
    std::vector<float> longer(values.size() + 7);
    const bool offered = device_.initialise_weight(n_in, n_out, seed, instance, longer);
    std::copy_n(longer.begin(), values.size(), values.begin());
    return offered;
  }
  bool optimizer_step(std::string_view name, const OptimizerSettings& settings,
                      const OptimizerTensor& whole, uint64_t step_index) override {
    return in_parts(whole.parameters.size(), [&](size_t first, size_t n) {
      OptimizerTensor tensor = whole;
      tensor.parameters = whole.parameters.subspan(first, n);
      tensor.gradients = whole.gradients.subspan(first, n);
      for (auto& state : tensor.state) state = state.subspan(first, n);
      return device_.optimizer_step(name, settings, tensor, step_index);
    });
  }

 private:
  /// `compute(first, n)` over parts of `n_all`, or over nothing at all.
  template <typename Compute>
  static bool in_parts(size_t n_all, const Compute& compute) {
    if (n_all == 0) return compute(0, 0);
    bool offered = true;
    for_each_part(
        n_all, [&](size_t begin, size_t end) { offered = compute(begin, end - begin) && offered; });
    return offered;
  }

  /// The same over the rows of a matrix.
  template <typename Compute>
  static bool in_parts_of_rows(ConstMatrixView m, const Compute& compute) {
    return in_parts(static_cast<size_t>(m.n_rows), [&](size_t first, size_t n) {
      return compute(static_cast<int64_t>(first), static_cast<int64_t>(n));
    });
  }
  template <typename T>
  static BasicMatrixView<T> rows(const BasicMatrixView<T>& m, int64_t first, int64_t n) {
    return {m.row(first), n, m.n_columns, m.row_stride};
  }

  /// Of a matrix that may be none.
  template <typename T>
  static BasicMatrixView<T> part(const BasicMatrixView<T>& whole, int64_t row, int64_t n_rows,
                                 int64_t column, int64_t n_columns) {
    if (whole.data == nullptr) return {};
    return {whole.row(row) + column, n_rows, n_columns, whole.row_stride};
  }

  static MatrixProduct part(const MatrixProduct& whole, int64_t row, int64_t n_rows, int64_t column,
                            int64_t n_columns) {
    MatrixProduct product = whole;
    product.c = {whole.c.row(row) + column, n_rows, n_columns, whole.c.row_stride};
    if (whole.transpose_a) {
      product.a.data += row;
      product.a.n_columns = n_rows;
    } else {
      product.a.data = whole.a.row(row);
      product.a.n_rows = n_rows;
    }
    if (whole.transpose_b) {
      product.b.data = whole.b.row(column);
      product.b.n_rows = n_columns;
    } else {
      product.b.data += column;
      product.b.n_columns = n_columns;
    }
    if (whole.bias != nullptr) product.bias = whole.bias + column;
    product.epilogue.kept_input = part(whole.epilogue.kept_input, row, n_rows, column, n_columns);
    product.epilogue.derivative_of =
        part(whole.epilogue.derivative_of, row, n_rows, column, n_columns);
    return product;
  }

  OperatorDevice& device_;
};

/// Terms of sums in another order.
class ReorderedDevice final : public OperatorDevice {
 public:
  explicit ReorderedDevice(OperatorDevice& device) : device_(device) {}
  std::string name() const override { return device_.name() + " reordered"; }

  bool exact_sum(std::span<const float> terms, RoundedSum& sum) override {
    return device_.exact_sum(reordered(terms), sum);
  }
  bool exact_sum(std::span<const double> terms, RoundedSum& sum) override {
    return device_.exact_sum(reordered(terms), sum);
  }
  bool exact_sum_of_squares(std::span<const float> terms, RoundedSum& sum) override {
    return device_.exact_sum_of_squares(reordered(terms), sum);
  }
  bool exact_sum_of_products(std::span<const float> a, std::span<const float> b,
                             RoundedSum& sum) override {
    return device_.exact_sum_of_products(reordered(a), reordered(b), sum);
  }
  bool norm(std::span<const float> terms, double& norm) override {
    return device_.norm(reordered(terms), norm);
  }
  /// The terms of every element of C, for products that are exact.
  bool matrix_product(std::string_view specification, const MatrixProduct& product) override {
    if (specification == "fma32") return false;
    const std::vector<float> a = with_reordered_terms(product.a, product.transpose_a);
    const std::vector<float> b = with_reordered_terms(product.b, !product.transpose_b);
    MatrixProduct moved = product;
    moved.a = dense_view(a.data(), product.a.n_rows, product.a.n_columns);
    moved.b = dense_view(b.data(), product.b.n_rows, product.b.n_columns);
    return device_.matrix_product(specification, moved);
  }
  bool column_sums(ConstMatrixView m, std::span<float> sums) override {
    std::vector<float> rows;
    for (const int64_t row : order(static_cast<size_t>(m.n_rows))) {
      rows.insert(rows.end(), m.row(row), m.row(row) + m.n_columns);
    }
    return device_.column_sums(dense_view<const float>(rows.data(), m.n_rows, m.n_columns), sums);
  }
  bool column_moments(const StridedColumn& column, ColumnMoments& moments) override {
    const std::vector<int64_t> rows = reordered(column.rows);
    return device_.column_moments({column.data, column.stride, rows}, moments);
  }
  bool column_order(const StridedColumn& column, double& median, float& most_frequent) override {
    const std::vector<int64_t> rows = reordered(column.rows);
    return device_.column_order({column.data, column.stride, rows}, median, most_frequent);
  }
  bool clip_by_norm(std::span<float> gradients, double largest_norm, double& norm) override {
    std::vector<float> moved = reordered(std::span<const float>(gradients));
    const bool offered = device_.clip_by_norm(moved, largest_norm, norm);
    size_t place = 0;
    for (const int64_t i : order(gradients.size())) {
      gradients[static_cast<size_t>(i)] = moved[place++];
    }
    return offered;
  }
  bool metric(std::string_view name, const MetricInputs& inputs, double& value) override {
    std::vector<float> probabilities;
    for (const int64_t row : order(static_cast<size_t>(inputs.probabilities.n_rows))) {
      const float* p = inputs.probabilities.row(row);
      probabilities.insert(probabilities.end(), p, p + inputs.probabilities.n_columns);
    }
    const auto true_classes = reordered(inputs.true_classes);
    const auto predicted_classes = reordered(inputs.predicted_classes);
    const auto targets = reordered(inputs.targets);
    const auto predictions = reordered(inputs.predictions);
    const ConstMatrixView view = dense_view<const float>(
        probabilities.data(), inputs.probabilities.n_rows, inputs.probabilities.n_columns);
    return device_.metric(
        name, {inputs.n_classes, true_classes, predicted_classes, view, targets, predictions},
        value);
  }

 private:
  /// A fixed shuffle of 0 .. n-1.
  static std::vector<int64_t> order(size_t n) {
    std::vector<int64_t> places(n);
    std::iota(places.begin(), places.end(), int64_t{0});
    shuffle_indices({1, 2, 3}, places);
    return places;
  }
  /// A dense copy whose rows, or columns, have changed places.
  static std::vector<float> with_reordered_terms(ConstMatrixView m, bool terms_are_rows) {
    const auto places = order(static_cast<size_t>(terms_are_rows ? m.n_rows : m.n_columns));
    std::vector<float> moved;
    for (int64_t row = 0; row < m.n_rows; ++row) {
      for (int64_t column = 0; column < m.n_columns; ++column) {
        moved.push_back(terms_are_rows ? m(places[static_cast<size_t>(row)], column)
                                       : m(row, places[static_cast<size_t>(column)]));
      }
    }
    return moved;
  }
  template <typename T>
  static std::vector<T> reordered(std::span<const T> values) {
    std::vector<T> moved;
    for (const int64_t i : order(values.size())) moved.push_back(values[static_cast<size_t>(i)]);
    return moved;
  }

  OperatorDevice& device_;
};

}  // namespace reprotrain::kernels::testing
