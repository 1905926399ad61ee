// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, cuts and refusals.
#include "kernels/conv/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/thread_team.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::Bits;
using testing::GuardedMatrix;

/// All passes over a batch in guarded memory.
class Passes {
 public:
  Passes(std::string_view family, int64_t n, int64_t n_channels, int64_t gap = 0)
      : x_(n, n_channels, gap, gap),
        y_(n, n_channels, gap, gap),
        gradient_(n, n_channels, gap, gap) {
    x_.fill(family, 0);
    gradient_.fill(family, uint64_t{1} << 22);
    for (uint64_t c = 0; c < static_cast<uint64_t>(n_channels); ++c) {
      scale_.push_back(element("unit", (uint64_t{1} << 20) + c));
      shift_.push_back(element("unit", (uint64_t{1} << 21) + c));
      running_mean_.push_back(element("unit", (uint64_t{1} << 23) + c));
      running_variance_.push_back(static_cast<float>(1 + c));
    }
    for (auto* v : {&mean_, &inverse_, &scale_gradient_, &shift_gradient_})
      v->resize(scale_.size());
  }

  BatchNormTraining training() {
    return {x_.view(),         scale_, shift_,   0.1,      running_mean_,
            running_variance_, mean_,  inverse_, y_.view()};
  }
  BatchNormBackward backward() {
    return {x_.view(), mean_, inverse_, scale_, gradient_.view(), scale_gradient_, shift_gradient_};
  }

  Bits run(const Parallel& parallel) {
    batch_norm_training(training(), parallel);
    Bits result = bits_of_matrix(y_);
    batch_norm_backward(backward(), parallel);
    batch_norm_inference({x_.view(), scale_, shift_, running_mean_, running_variance_, y_.view()},
                         parallel);
    for (const Bits& part : {bits_of_matrix(gradient_), bits_of_matrix(y_),
                             bit_patterns(running_mean_), bit_patterns(running_variance_),
                             bit_patterns(scale_gradient_), bit_patterns(shift_gradient_)}) {
      result.insert(result.end(), part.begin(), part.end());
    }
    for (GuardedMatrix* m : {&x_, &y_, &gradient_}) EXPECT_TRUE(m->guards_are_whole());
    return result;
  }

  /// Channel by channel, every number on its own.
  Bits by_definition() {
    std::vector<float> training_y(y_size()), inference_y(y_size()), dx(y_size());
    for (size_t c = 0; c < scale_.size(); ++c) define(c, training_y, inference_y, dx);
    Bits result;
    for (const auto& part : {training_y, dx, inference_y, running_mean_, running_variance_,
                             scale_gradient_, shift_gradient_}) {
      const Bits bits = bit_patterns(part);
      result.insert(result.end(), bits.begin(), bits.end());
    }
    return result;
  }

 private:
  size_t y_size() { return static_cast<size_t>(x_.view().n_rows) * scale_.size(); }

  static Bits bits_of_matrix(GuardedMatrix& m) {
    std::vector<float> values;
    for (int64_t row = 0; row < m.view().n_rows; ++row) {
      values.insert(values.end(), m.view().row(row), m.view().row(row) + m.view().n_columns);
    }
    return bit_patterns(values);
  }

  void define(size_t c, std::vector<float>& training_y, std::vector<float>& inference_y,
              std::vector<float>& dx) {
    const int64_t n = x_.view().n_rows;
    const auto column = static_cast<int64_t>(c);
    std::vector<int64_t> rows;
    bool any_nan = false;
    for (int64_t row = 0; row < n; ++row) {
      rows.push_back(row);
      any_nan = any_nan || is_nan(x_.view()(row, column));
    }
    const ColumnMoments moments =
        column_moments(StridedColumn{x_.view().data + c, x_.view().row_stride, rows});
    const double m = any_nan ? std::nan("") : moments.mean;
    const double v = any_nan ? std::nan("") : moments.variance;
    const auto mean = static_cast<float>(m);
    const auto inverse = static_cast<float>(1.0 / std::sqrt(v + 1e-5));
    ExactSum scale_sum, shift_sum;
    const auto at = [&](int64_t row) { return static_cast<size_t>(row) * scale_.size() + c; };
    for (int64_t row = 0; row < n; ++row) {
      const float normal = (x_.view()(row, column) - mean) * inverse;
      const float g = gradient_.view()(row, column);
      training_y[at(row)] = normal * scale_[c] + shift_[c];
      scale_sum.add(g * normal);
      shift_sum.add(g);
    }
    scale_gradient_[c] = scale_sum.to_float();
    shift_gradient_[c] = shift_sum.to_float();
    const auto count = static_cast<float>(n);
    const float a = shift_gradient_[c] / count, b = scale_gradient_[c] / count;
    for (int64_t row = 0; row < n; ++row) {
      const float normal = (x_.view()(row, column) - mean) * inverse;
      dx[at(row)] = ((gradient_.view()(row, column) - a) - normal * b) * (scale_[c] * inverse);
    }
    const double correction =
        n == 1 ? v : v * (static_cast<double>(n) / static_cast<double>(n - 1));
    running_mean_[c] = running_mean_[c] + 0.1f * (mean - running_mean_[c]);
    running_variance_[c] =
        running_variance_[c] + 0.1f * (static_cast<float>(correction) - running_variance_[c]);
    const auto running_inverse =
        static_cast<float>(1.0 / std::sqrt(static_cast<double>(running_variance_[c]) + 1e-5));
    for (int64_t row = 0; row < n; ++row) {
      const float normal = (x_.view()(row, column) - running_mean_[c]) * running_inverse;
      inference_y[at(row)] = normal * scale_[c] + shift_[c];
    }
  }

  GuardedMatrix x_, y_, gradient_;
  std::vector<float> scale_, shift_, running_mean_, running_variance_;
  std::vector<float> mean_, inverse_, scale_gradient_, shift_gradient_;
};

TEST(BatchNorm, GivesTheBitsOfTheDefinitionOnEveryPathHoweverItIsCut) {
  for (const std::string_view family : {"unit", "wide", "rare", "huge", "subnormal"}) {
    for (const auto& [n, n_channels] : {std::pair<int64_t, int64_t>{1, 3},
                                        {2, 1},
                                        {511, 9},
                                        {513, 7},
                                        {4097, 2},
                                        {5000, 17},
                                        {3, 2051},
                                        {4099, 1025},
                                        {9000, 8}}) {
      const Bits expected = Passes(family, n, n_channels).by_definition();
      for (const CpuPath path : available_cpu_paths()) {
        const CpuPathScope scope(path);
        EXPECT_EQ(Passes(family, n, n_channels, 3).run(testing::AdversarialParallel(2)), expected)
            << family << " " << n << " " << n_channels << " " << name_of(path);
      }
      for (const int n_threads : {1, 2, 3, 4, 5, 6, 7, 8}) {
        EXPECT_EQ(Passes(family, n, n_channels).run(ThreadTeam(n_threads)), expected);
      }
    }
  }
}

TEST(BatchNorm, ANanMakesItsChannelNanAndNoOther) {
  std::vector<float> x = {1.0f, 2.0f, std::nanf(""), 5.0f};
  std::vector<float> y(4), scale = {1.0f, 1.0f}, shift = {0.0f, 0.0f}, mean(2), inverse(2);
  std::vector<float> running_mean(2), running_variance(2);
  batch_norm_training({dense_view<const float>(x.data(), 2, 2), scale, shift, 0.5, running_mean,
                       running_variance, mean, inverse, dense_view(y.data(), 2, 2)},
                      SerialParallel());
  EXPECT_TRUE(is_nan(y[0]) && is_nan(y[2]) && is_nan(running_mean[0]));
  EXPECT_TRUE(is_finite(y[1]) && is_finite(y[3]) && is_finite(running_variance[1]));
}

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(BatchNorm, RefusesWhatDoesNotFitTogether) {
  Passes passes("unit", 5, 3);
  const SerialParallel serial;
  BatchNormTraining training = passes.training();
  training.scale = training.scale.first(2);
  EXPECT_EQ(refusal([&] { batch_norm_training(training, serial); }),
            "batch norm: channels and their numbers differ in number");
  training = passes.training();
  training.y.n_rows = 4;
  EXPECT_EQ(refusal([&] { batch_norm_training(training, serial); }),
            "batch norm: matrices differ in shape");
  training = passes.training();
  training.x.n_rows = training.y.n_rows = 0;
  EXPECT_EQ(refusal([&] { batch_norm_training(training, serial); }),
            "batch norm: there is no value to take the mean of");
  BatchNormBackward backward = passes.backward();
  backward.gradient.data = nullptr;
  EXPECT_EQ(refusal([&] { batch_norm_backward(backward, serial); }),
            "matrix gradient has elements but no memory");
  backward = passes.backward();
  backward.inverse = backward.inverse.first(1);
  EXPECT_EQ(refusal([&] { batch_norm_backward(backward, serial); }),
            "batch norm: channels and their numbers differ in number");
}

}  // namespace
}  // namespace reprotrain::kernels
