// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, every way to cut them,
// alignment, work space, refusals.
#include "kernels/conv/convolution_cuda.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "kernels/conformance/device_array.h"
#include "tests/kernels/conv/convolution_cases.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/device_operands.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::all_convolutions;
using testing::bit_patterns;
using testing::Bits;
using testing::ConvolutionCase;
using testing::DeviceMatrix;
using testing::for_each_schedule;
using testing::GuardedMatrix;
using testing::kAllProducts;

const TiledInt8Gemm kGemm;

ConvolutionPlan plan_for(int n_multiprocessors) { return {{n_multiprocessors, &kGemm}}; }

/// How a case is computed and where its operands lie; nothing of it may show.
struct Setting {
  std::string name;
  ConvolutionPlan plan;
  PatchChunk chunk;
  int64_t shift = 0;  ///< elements behind an aligned address, and between rows of the weight
  uint64_t n_schedules = 1;
};

std::vector<Setting> all_settings() {
  Setting cut{"cut small", plan_for(132), {50}, 1};
  cut.plan.slice_bytes = 1 << 14;
  Setting whole{"by the plan", plan_for(1), {}, 0, 3};
  Setting bytes{"chunks by their bytes", plan_for(16), {}, 4};
  bytes.plan.chunk_bytes = 1 << 16;
  bytes.plan.matmul.most_workspace_bytes = 0;
  return {whole, cut, bytes};
}

/// The operands of all passes on the host.
class Passes {
 public:
  Passes(std::string_view family, MatmulSpecification product, const ConvolutionCase& c)
      : convolution_(c.convolution),
        product_(product),
        images_(c.n_images, convolution_.n_inputs(), 0, 0),
        weight_(convolution_.n_weight_rows(), convolution_.n_channels_out, 0, 0),
        delta_(c.n_images, convolution_.n_outputs(), 0, 0),
        outputs_(c.n_images, convolution_.n_outputs(), 0, 0),
        weight_gradient_(convolution_.n_weight_rows(), convolution_.n_channels_out, 0, 0),
        image_gradient_(c.n_images, convolution_.n_inputs(), 0, 0),
        bias_gradient_(static_cast<size_t>(convolution_.n_channels_out)) {
    images_.fill(family, 0);
    weight_.fill(family, uint64_t{1} << 20);
    delta_.fill(family, uint64_t{1} << 22);
    for (uint64_t i = 0; i < bias_gradient_.size(); ++i) {
      bias_.push_back(element(family, (uint64_t{1} << 21) + i));
    }
  }

  std::vector<Bits> on_cpu() {
    const SerialParallel serial;
    convolution_forward(
        {convolution_, product_, images_.view(), weight_.view(), bias_, outputs_.view(), {}},
        serial);
    convolution_weight_gradient({convolution_, product_, images_.view(), delta_.view(),
                                 weight_gradient_.view(), bias_gradient_},
                                serial);
    convolution_input_gradient(
        {convolution_, product_, delta_.view(), weight_.view(), image_gradient_.view(), {}},
        serial);
    return {bits_of_dense(outputs_), bits_of_dense(weight_gradient_),
            bits_of_dense(image_gradient_), bit_patterns(bias_gradient_)};
  }

  std::vector<Bits> on_device(const Setting& setting) {
    const int64_t shift = setting.shift;
    DeviceMatrix images(images_.view(), 0, shift), weight(weight_.view(), shift, shift);
    DeviceMatrix delta(delta_.view(), 0, shift);
    DeviceMatrix outputs(garbage(outputs_), 0, shift), dx(garbage(image_gradient_), 0, shift);
    DeviceMatrix dw(garbage(weight_gradient_), shift, shift);
    const DeviceArray<float> bias(bias_, static_cast<size_t>(shift));
    const DeviceArray<float> db(bias_.size(), static_cast<size_t>(shift));
    run(ConvolutionForward{convolution_, product_, images.view(), weight.view(), span_of(bias),
                           outputs.view(), setting.chunk},
        setting.plan, convolution_forward_cuda);
    run(ConvolutionWeightGradient{convolution_, product_, images.view(), delta.view(), dw.view(),
                                  span_of(db)},
        setting.plan, convolution_weight_gradient_cuda);
    run(ConvolutionInputGradient{convolution_, product_, delta.view(), weight.view(), dx.view(),
                                 setting.chunk},
        setting.plan, convolution_input_gradient_cuda);
    return {outputs.bits(), dw.bits(), dx.bits(), bit_patterns(db.values())};
  }

 private:
  /// In just the work space that the pass asks for.
  template <typename Pass, typename Run>
  static void run(const Pass& pass, const ConvolutionPlan& plan, const Run& run_pass) {
    const DeviceArray<unsigned char> memory(convolution_workspace_bytes(pass, plan));
    run_pass(pass, plan, {memory.data(), memory.size()}, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  static ConstMatrixView garbage(GuardedMatrix& shape) {
    shape.fill("special", uint64_t{1} << 24);
    return shape.view();
  }

  static Bits bits_of_dense(GuardedMatrix& m) {
    const MatrixView view = m.view();
    return bit_patterns(std::vector<float>(view.data, view.data + view.n_rows * view.n_columns));
  }

  Convolution convolution_;
  MatmulSpecification product_;
  GuardedMatrix images_, weight_, delta_, outputs_, weight_gradient_, image_gradient_;
  std::vector<float> bias_, bias_gradient_;
};

void expect_the_bits_of_the_cpu(std::string_view family, MatmulSpecification product,
                                const ConvolutionCase& c) {
  Passes passes(family, product, c);
  const std::vector<Bits> expected = passes.on_cpu();
  for (const Setting& setting : all_settings()) {
    for_each_schedule(setting.n_schedules, [&] {
      const std::vector<Bits> results = passes.on_device(setting);
      const std::string name = c.name + ", " + std::string(family) + ", " +
                               std::string(name_of(product)) + ", " + setting.name;
      EXPECT_EQ(results[0], expected[0]) << "outputs of " << name;
      EXPECT_EQ(results[1], expected[1]) << "weight gradient of " << name;
      EXPECT_EQ(results[2], expected[2]) << "input gradient of " << name;
      EXPECT_EQ(results[3], expected[3]) << "bias gradient of " << name;
    });
  }
}

TEST(ConvolutionCuda, HasTheBitsOfTheCpuHoweverItIsCut) {
  for (const ConvolutionCase& c : all_convolutions()) {
    for (const MatmulSpecification product : kAllProducts) {
      expect_the_bits_of_the_cpu("rare", product, c);
    }
  }
}

TEST(ConvolutionCuda, CopiesFourChannelsAtATimeWhereTheirNumberAllowsIt) {
  const WindowAxis axis{5, 3, 2, 1, 1, 1};
  for (const int64_t n_groups : {1, 2}) {
    expect_the_bits_of_the_cpu("wide", MatmulSpecification::kFma32,
                               {"fours", 2, {axis, axis, 8, 16, n_groups}});
  }
}

/// Calls use(passes' memory) with a convolution of one image of 5 x 5 pixels.
class SmallConvolution {
 public:
  SmallConvolution() : images_(25), weight_(9), outputs_(25), three_(3) {}

  ConvolutionForward forward() {
    return {convolution_,
            MatmulSpecification::kFma32,
            dense_view(images_.data(), 1, 25),
            dense_view(weight_.data(), 9, 1),
            {},
            dense_view(outputs_.data(), 1, 25),
            {}};
  }
  ConvolutionWeightGradient weight_gradient() {
    return {convolution_,
            MatmulSpecification::kFma32,
            dense_view(images_.data(), 1, 25),
            dense_view(outputs_.data(), 1, 25),
            dense_view(weight_.data(), 9, 1),
            {}};
  }
  ConvolutionInputGradient input_gradient() {
    return {convolution_,
            MatmulSpecification::kFma32,
            dense_view(outputs_.data(), 1, 25),
            dense_view(weight_.data(), 9, 1),
            dense_view(images_.data(), 1, 25),
            {}};
  }
  std::span<float> three() { return three_; }

 private:
  Convolution convolution_{{5, 3, 1, 1, 1, 1}, {5, 3, 1, 1, 1, 1}, 1, 1, 1};
  std::vector<float> images_, weight_, outputs_, three_;
};

TEST(ConvolutionCuda, RefusesWhatDoesNotFitTogether) {
  SmallConvolution small;
  const ConvolutionPlan plan = plan_for(1);
  ConvolutionForward forward = small.forward();
  forward.bias = small.three();
  EXPECT_THROW(convolution_forward_cuda(forward, plan, {}, nullptr), std::invalid_argument);
  forward.convolution.n_groups = 2;
  EXPECT_THROW(convolution_workspace_bytes(forward, plan), std::invalid_argument);
  ConvolutionWeightGradient weight_gradient = small.weight_gradient();
  weight_gradient.bias_gradient = small.three();
  EXPECT_THROW(convolution_weight_gradient_cuda(weight_gradient, plan, {}, nullptr),
               std::invalid_argument);
  ConvolutionInputGradient input_gradient = small.input_gradient();
  input_gradient.weight.n_rows -= 1;
  EXPECT_THROW(convolution_input_gradient_cuda(input_gradient, plan, {}, nullptr),
               std::invalid_argument);
}

TEST(ConvolutionCuda, SaysThatItsWorkSpaceIsTooSmall) {
  SmallConvolution small;
  const ConvolutionPlan plan = plan_for(1);
  EXPECT_THROW(convolution_forward_cuda(small.forward(), plan, {}, nullptr), CudaError);
  EXPECT_THROW(convolution_weight_gradient_cuda(small.weight_gradient(), plan, {}, nullptr),
               CudaError);
  EXPECT_THROW(convolution_input_gradient_cuda(small.input_gradient(), plan, {}, nullptr),
               CudaError);
}

}  // namespace
}  // namespace reprotrain::kernels
