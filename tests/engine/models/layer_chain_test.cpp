// SPDX-License-Identifier: Apache-2.0
// Which layers go back, and which of them are asked for a gradient of their inputs.
#include "engine/models/layer_chain.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

/// Passes everything on, and writes its name down on the way back, in capitals where a gradient is wanted.
class NotedLayer final : public Layer {
 public:
  NotedLayer(char name, bool has_parameter, std::string& notes)
      : name_(name), has_parameter_(has_parameter), notes_(notes) {}

  int64_t n_outputs() const override { return 1; }
  std::vector<ParameterRequest> parameters() const override {
    if (!has_parameter_) return {};
    return {{std::string(1, name_), {1}}};
  }
  kernels::ConstMatrixView forward_training(kernels::ConstMatrixView inputs, const ParameterArenas&,
                                            StepPosition, ComputeDevice&) override {
    return inputs;
  }
  void forward(kernels::ConstMatrixView, std::span<const float>, kernels::MatrixView,
               ComputeDevice&) const override {}
  kernels::MatrixView backward(kernels::MatrixView gradient, const ParameterArenas&,
                               const InputGradient& wanted, ComputeDevice&) override {
    notes_ += static_cast<char>(wanted.is_wanted ? name_ - 'a' + 'A' : name_);
    return gradient;
  }

 private:
  char name_;
  bool has_parameter_;
  std::string& notes_;
};

/// Layers named a, b, ...: those with parameters are marked 'x'.
std::string way_back(const std::string& layers, bool input_gradient_is_wanted) {
  std::string notes;
  LayerChain chain;
  for (size_t i = 0; i < layers.size(); ++i) {
    chain.add(std::make_unique<NotedLayer>(static_cast<char>('a' + i), layers[i] == 'x', notes));
  }
  const std::vector<int64_t> offsets(chain.parameters().size());
  chain.place(offsets);
  float gradient = 1.0f;
  chain.backward(kernels::dense_view(&gradient, 1, 1), {}, {input_gradient_is_wanted},
                 testing::serial_device());
  return notes;
}

TEST(LayerChain, GoesBackThroughAllLayersWhereTheGradientOfItsInputsIsWanted) {
  EXPECT_EQ(way_back("--x-x", true), "EDCBA");
  EXPECT_EQ(way_back("---", true), "CBA");
}

TEST(LayerChain, GoesBackToTheFirstParameterWhereItIsNot) {
  EXPECT_EQ(way_back("x-x", false), "CBa");
  EXPECT_EQ(way_back("--x-x", false), "EDc");
  EXPECT_EQ(way_back("----x", false), "e");
  EXPECT_EQ(way_back("---", false), "");
}

}  // namespace
}  // namespace reprotrain::engine
