// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, and every way to cut them.
#include "kernels/conv/convolution.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/thread_team.h"
#include "kernels/reduce/exact_sum.h"
#include "tests/kernels/conv/convolution_cases.h"
#include "tests/kernels/conv/convolution_definition.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::all_convolutions;
using testing::bit_patterns;
using testing::Bits;
using testing::ConvolutionCase;
using testing::GuardedMatrix;
using testing::kAllProducts;

/// Operands and results of all passes, in guarded memory.
class Passes {
 public:
  Passes(std::string_view family, MatmulSpecification product, const ConvolutionCase& c,
         int64_t shift = 0)
      : convolution_(c.convolution),
        product_(product),
        images_(c.n_images, convolution_.n_inputs(), 0, shift),
        weight_(convolution_.n_weight_rows(), convolution_.n_channels_out, shift, shift),
        delta_(c.n_images, convolution_.n_outputs(), 0, shift),
        outputs_(c.n_images, convolution_.n_outputs(), 0, shift),
        weight_gradient_(convolution_.n_weight_rows(), convolution_.n_channels_out, shift, shift),
        image_gradient_(c.n_images, convolution_.n_inputs(), 0, shift),
        bias_gradient_(static_cast<size_t>(convolution_.n_channels_out)) {
    images_.fill(family, 0);
    weight_.fill(family, uint64_t{1} << 20);
    delta_.fill(family, uint64_t{1} << 22);
    for (uint64_t i = 0; i < bias_gradient_.size(); ++i) {
      bias_.push_back(element(family, (uint64_t{1} << 21) + i));
    }
  }

  ConvolutionForward forward() {
    return {convolution_, product_, images_.view(), weight_.view(), bias_, outputs_.view(), chunk};
  }
  ConvolutionWeightGradient weight_gradient() {
    return {convolution_,   product_, images_.view(), delta_.view(), weight_gradient_.view(),
            bias_gradient_, chunk};
  }
  ConvolutionInputGradient input_gradient() {
    return {convolution_, product_, delta_.view(), weight_.view(), image_gradient_.view(), chunk};
  }

  /// The bits of all results.
  Bits run(const Parallel& parallel) {
    convolution_forward(forward(), parallel);
    convolution_weight_gradient(weight_gradient(), parallel);
    convolution_input_gradient(input_gradient(), parallel);
    std::vector<float> results;
    for (GuardedMatrix* m : {&outputs_, &weight_gradient_, &image_gradient_}) {
      for (int64_t row = 0; row < m->view().n_rows; ++row) {
        results.insert(results.end(), m->view().row(row), m->view().row(row) + m->view().n_columns);
      }
    }
    results.insert(results.end(), bias_gradient_.begin(), bias_gradient_.end());
    for (GuardedMatrix* m :
         {&images_, &weight_, &delta_, &outputs_, &weight_gradient_, &image_gradient_}) {
      EXPECT_TRUE(m->guards_are_whole());
    }
    return bit_patterns(results);
  }

  Bits by_definition() {
    std::vector<float> results = testing::outputs_by_definition(forward());
    for (const auto& part : {testing::weight_gradient_by_definition(weight_gradient()),
                             testing::input_gradient_by_definition(input_gradient())}) {
      results.insert(results.end(), part.begin(), part.end());
    }
    for (size_t channel = 0; channel < bias_.size(); ++channel) {
      ExactSum sum;
      for (int64_t n = 0; n < delta_.view().n_rows; ++n) {
        for (size_t i = channel; i < static_cast<size_t>(convolution_.n_outputs());
             i += bias_.size()) {
          sum.add(delta_.view().row(n)[i]);
        }
      }
      results.push_back(sum.to_float());
    }
    return bit_patterns(results);
  }

  PatchChunk chunk;

 private:
  Convolution convolution_;
  MatmulSpecification product_;
  GuardedMatrix images_, weight_, delta_, outputs_, weight_gradient_, image_gradient_;
  std::vector<float> bias_, bias_gradient_;
};

/// Calls use(family, product, case, name for messages).
template <typename Use>
void for_each_case(const Use& use) {
  for (const ConvolutionCase& c : all_convolutions()) {
    for (const MatmulSpecification product : kAllProducts) {
      for (const std::string_view family : {"unit", "rare"}) {
        use(family, product, c,
            c.name + " " + std::string(family) + " " + std::string(name_of(product)));
      }
    }
  }
}

TEST(Convolution, GivesTheBitsOfTheDefinitionOnEveryPath) {
  for_each_case([](std::string_view family, MatmulSpecification product, const ConvolutionCase& c,
                   const std::string& name) {
    const Bits expected = Passes(family, product, c).by_definition();
    for (const CpuPath path : available_cpu_paths()) {
      const CpuPathScope scope(path);
      EXPECT_EQ(Passes(family, product, c, 3).run(SerialParallel()), expected)
          << name << " " << name_of(path);
    }
  });
}

TEST(Convolution, IsInvariantUnderThreadsAndChunks) {
  for_each_case([](std::string_view family, MatmulSpecification product, const ConvolutionCase& c,
                   const std::string& name) {
    const Bits expected = Passes(family, product, c).run(SerialParallel());
    uint64_t seed = 0;
    for (const int64_t chunk_rows : {0, 1, 7, 64, 100000}) {
      Passes passes(family, product, c);
      passes.chunk.n_rows = chunk_rows;
      EXPECT_EQ(passes.run(testing::AdversarialParallel(seed++)), expected)
          << name << ", chunks of " << chunk_rows;
    }
    for (int n_threads = 1; n_threads <= 8; ++n_threads) {
      EXPECT_EQ(Passes(family, product, c).run(ThreadTeam(n_threads)), expected)
          << name << ", threads " << n_threads;
    }
  });
}

TEST(Convolution, WithoutABiasThereIsNoneAndNoGradientOfIt) {
  const ConvolutionCase& c = all_convolutions().front();
  Passes passes("unit", MatmulSpecification::kFma32, c);
  ConvolutionForward forward = passes.forward();
  forward.bias = {};
  convolution_forward(forward, SerialParallel());
  const MatrixView outputs = forward.outputs;
  EXPECT_EQ(bit_patterns(
                std::span(outputs.data, static_cast<size_t>(outputs.n_rows * outputs.n_columns))),
            bit_patterns(testing::outputs_by_definition(forward)));
  ConvolutionWeightGradient gradient = passes.weight_gradient();
  gradient.bias_gradient = {};
  convolution_weight_gradient(gradient, SerialParallel());
}

TEST(WindowAxis, SamePaddingMakesAWindowForEveryStride) {
  for (int64_t size = 1; size < 12; ++size) {
    for (int64_t kernel = 1; kernel < 6; ++kernel) {
      for (int64_t stride = 1; stride < 5; ++stride) {
        for (int64_t dilation = 1; dilation < 4; ++dilation) {
          const WindowAxis same = with_same_padding({size, kernel, stride, dilation, 0, 0});
          EXPECT_EQ(same.n_windows(), (size + stride - 1) / stride);
          const int64_t more = same.padding_after - same.padding_before;
          EXPECT_TRUE(more == 0 || more == 1);
        }
      }
    }
  }
}

/// The sentence with which the forward pass, and no other, refuses.
std::string refusal(const ConvolutionForward& pass) {
  try {
    convolution_forward(pass, SerialParallel());
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Convolution, RefusesWhatDoesNotFitTogether) {
  Passes passes("unit", MatmulSpecification::kFma32, all_convolutions().front());
  const ConvolutionForward good = passes.forward();
  EXPECT_EQ(refusal(good), "");
  const auto refused = [&good](const auto& spoil) {
    ConvolutionForward pass = good;
    spoil(pass);
    return refusal(pass);
  };
  using Pass = ConvolutionForward;
  EXPECT_EQ(refused([](Pass& p) { p.convolution.n_groups = 2; }),
            "convolution: the number of groups does not divide both numbers of channels");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.y.kernel = 0; }),
            "windows: size, kernel, stride and dilation are 1 or more");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.x.padding_after = -1; }),
            "windows: padding is 0 or more");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.x.stride = 65537; }),
            "windows: no size, kernel, stride, dilation or padding is above 65536");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.y.kernel = 16; }),
            "windows: the kernel is larger than the image and its padding");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.n_channels_out = 0; }),
            "images: the number of channels is from 1 to 2^20");
  EXPECT_EQ(refused([](Pass& p) { p.convolution.y.size = 12; }),
            "images: the shape of a matrix does not match the geometry");
  EXPECT_EQ(refused([](Pass& p) { p.images.row_stride += 1; }),
            "images: a matrix has gaps between its rows");
  EXPECT_EQ(refused([](Pass& p) { p.outputs.n_rows -= 1; }),
            "images: the shape of a matrix does not match the geometry");
  EXPECT_EQ(refused([](Pass& p) { p.outputs.data = nullptr; }),
            "matrix outputs has elements but no memory");
  EXPECT_EQ(refused([](Pass& p) { p.weight.n_rows -= 1; }),
            "convolution: the shape of the weight does not match the geometry");
  EXPECT_EQ(refused([](Pass& p) { p.bias = p.bias.first(3); }),
            "convolution: biases and output channels differ in number");
  EXPECT_EQ(refused([](Pass& p) { p.chunk.n_rows = -1; }),
            "convolution: a chunk of less than no rows");
}

TEST(Convolution, GradientsRefuseWhatDoesNotFitTogether) {
  Passes passes("unit", MatmulSpecification::kFma32, all_convolutions().front());
  ConvolutionWeightGradient weight_gradient = passes.weight_gradient();
  weight_gradient.delta.n_rows -= 1;
  EXPECT_THROW(convolution_weight_gradient(weight_gradient, SerialParallel()),
               std::invalid_argument);
  weight_gradient = passes.weight_gradient();
  weight_gradient.weight_gradient.n_columns -= 1;
  EXPECT_THROW(convolution_weight_gradient(weight_gradient, SerialParallel()),
               std::invalid_argument);
  weight_gradient = passes.weight_gradient();
  weight_gradient.bias_gradient = weight_gradient.bias_gradient.first(1);
  EXPECT_THROW(convolution_weight_gradient(weight_gradient, SerialParallel()),
               std::invalid_argument);
  ConvolutionInputGradient input_gradient = passes.input_gradient();
  input_gradient.image_gradient.n_columns -= 1;
  EXPECT_THROW(convolution_input_gradient(input_gradient, SerialParallel()), std::invalid_argument);
  input_gradient = passes.input_gradient();
  input_gradient.weight.n_rows += 1;
  EXPECT_THROW(convolution_input_gradient(input_gradient, SerialParallel()), std::invalid_argument);
}

}  // namespace
}  // namespace reprotrain::kernels
