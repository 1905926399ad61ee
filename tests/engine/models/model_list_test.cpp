// SPDX-License-Identifier: Apache-2.0
#include "engine/models/model_list.h"

#include <gtest/gtest.h>

#include "include/reprotrain/error.h"
#include "kernels/elementwise/activation.h"
#include "tests/support/serial_device.h"

namespace reprotrain::engine {
namespace {

ModelConfig model_named(const std::string& type) {
  ModelConfig config;
  config.type = type;
  return config;
}

std::string refusal(const ModelConfig& config, Task task, int64_t n_outputs = 1) {
  try {
    build_network(config, task, 3, n_outputs, 1, testing::serial_device());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    return error.what();
  }
  return "";
}

TEST(ModelConfig, EveryKernelHasAnActivationOfItsName) {
  ASSERT_EQ(kernels::activation_list().size(), static_cast<size_t>(Activation::kGelu) + 1);
  for (const kernels::ActivationKernel& kernel : kernels::activation_list()) {
    const std::optional<Activation> activation = activation_called(kernel.name);
    ASSERT_TRUE(activation) << kernel.name;
    EXPECT_EQ(name_of(*activation), kernel.name);
  }
  EXPECT_STREQ(name_of(Activation::kRelu), "relu");
  EXPECT_STREQ(name_of(Activation::kTanh), "tanh");
  EXPECT_STREQ(name_of(Activation::kSigmoid), "sigmoid");
  EXPECT_STREQ(name_of(Activation::kGelu), "gelu");
  EXPECT_EQ(activation_called("Relu"), std::nullopt);
}

TEST(ModelList, EveryModelIsFoundAndBuilds) {
  ASSERT_EQ(model_list().size(), 5u);
  for (const ModelEntry& model : model_list()) {
    EXPECT_EQ(find_model(model.name), &model);
    const ModelConfig config = model_named(std::string(model.name));
    for (Task task : {Task::kRegression, Task::kBinary, Task::kMulticlass}) {
      const int64_t n_outputs = task == Task::kMulticlass ? 5 : 1;
      EXPECT_EQ(refusal(config, task, n_outputs).empty(), model.allows(task)) << model.name;
      if (!model.allows(task)) continue;
      const Network network =
          build_network(config, task, 3, n_outputs, 1, testing::serial_device());
      EXPECT_EQ(network.parameter_list()[0].shape, (std::vector<int64_t>{3, n_outputs}));
    }
  }
}

TEST(ModelList, RefusesUnknownTypesNamingTheKnownOnes) {
  EXPECT_EQ(refusal(model_named("forest"), Task::kBinary),
            "/model/type: there is no model 'forest'; use one of linear_regression, "
            "logistic_regression, softmax_regression, mlp, network");
}

TEST(ModelList, RefusesATaskThatAModelDoesNotLearn) {
  EXPECT_EQ(
      refusal(model_named("linear_regression"), Task::kBinary),
      "/model/type: linear_regression does not learn two classes (loss binary_cross_entropy); "
      "use logistic_regression, mlp, network or another /train/loss");
}

TEST(ModelList, RefusesHiddenLayersWhereThereAreNone) {
  for (int field = 0; field < 3; ++field) {
    ModelConfig config = model_named("logistic_regression");
    if (field == 0) config.hidden = {4};
    if (field == 1) config.dropout = 0.5;
    if (field == 2) config.layer_norm = true;
    EXPECT_EQ(refusal(config, Task::kBinary),
              "/model: logistic_regression has no hidden layers; remove hidden, dropout and "
              "layer_norm, or use mlp");
  }
}

}  // namespace
}  // namespace reprotrain::engine
