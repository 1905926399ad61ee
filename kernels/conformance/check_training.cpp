// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {
namespace {

constexpr uint64_t kSecondOperand = uint64_t{1} << 20;
constexpr uint64_t kThirdOperand = uint64_t{1} << 21;
constexpr uint64_t kFourthOperand = uint64_t{1} << 22;

std::vector<float> elements(std::string_view kind, uint64_t first_index, size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = element(kind, first_index + i);
  return values;
}

bool layer_norm_of(OperatorDevice& device, std::string_view family, WordReader& words, Words& out) {
  LayerNormCase batch;
  batch.n_rows = words.count();
  batch.n = words.count();
  const auto n = static_cast<size_t>(batch.n);
  const std::vector<float> x = elements(family, 0, static_cast<size_t>(batch.n_rows) * n);
  const std::vector<float> scale = elements("unit", kSecondOperand, n);
  const std::vector<float> shift = elements("unit", kThirdOperand, n);
  std::vector<float> gradient = elements(family, kFourthOperand, x.size());
  std::vector<float> y(x.size()), scale_gradient(n), shift_gradient(n);
  batch.x = x, batch.scale = scale, batch.shift = shift;
  batch.y = y, batch.gradient = gradient;
  batch.scale_gradient = scale_gradient, batch.shift_gradient = shift_gradient;
  if (!device.layer_norm(batch)) return false;
  for (const auto* values : {&y, &gradient, &scale_gradient, &shift_gradient}) {
    append_words(*values, out);
  }
  return true;
}

bool loss_of(OperatorDevice& device, std::string_view family, WordReader& words, Words& out) {
  const std::string name = words.text();
  const int64_t n_rows = words.count(), n_outputs = words.count();
  const bool weighted = words.flag();
  const auto rows = static_cast<size_t>(n_rows);
  const auto n_classes = static_cast<size_t>(name == "binary_cross_entropy" ? 2 : n_outputs);

  std::vector<float> outputs = elements(family, 0, rows * static_cast<size_t>(n_outputs));
  for (float& output : outputs) output = 4.0f * output;
  const std::vector<float> values = elements(family, kSecondOperand, rows);
  std::vector<int32_t> classes(rows);
  for (size_t row = 0; row < rows; ++row) {
    classes[row] = static_cast<int32_t>(mixed_word(kSecondOperand + row) % n_classes);
  }
  std::vector<float> weights;
  for (size_t c = 0; weighted && c < n_classes; ++c) {
    weights.push_back(0.5f * static_cast<float>(c + 1));
  }
  LossBatch batch;
  batch.outputs = dense_view<const float>(outputs.data(), n_rows, n_outputs);
  batch.values = values;
  batch.classes = classes;
  batch.class_weights = weights;
  batch.huber_delta = 1.5f;

  std::vector<float> row_losses(rows), gradient(outputs.size());
  float mean = 0.0f;
  if (!device.loss(name, batch, row_losses, dense_view(gradient.data(), n_rows, n_outputs), mean)) {
    return false;
  }
  append_words(row_losses, out);
  append_words(gradient, out);
  out.push_back(word_of(mean));
  return true;
}

/// Writes the parameters, and with `with_state` both state arrays.
bool optimizer_of(OperatorDevice& device, std::string_view family, bool with_state,
                  WordReader& words, Words& out) {
  const std::string name = words.text();
  OptimizerSettings settings;
  settings.learning_rate = 0.01;
  settings.momentum = static_cast<double>(words.decimal()) / 1000.0;
  settings.nesterov = words.flag();
  settings.weight_decay = static_cast<double>(words.decimal()) / 1000.0;
  const uint64_t n = words.decimal();
  const uint64_t n_steps = words.decimal();

  std::vector<float> parameters = elements(family, 0, n);
  std::vector<float> first(n), second(n);
  for (uint64_t step = 0; step < n_steps; ++step) {
    const std::vector<float> gradients = elements(family, (step + 1) << 20, n);
    const OptimizerTensor tensor{parameters, gradients, {first, second}, true};
    if (!device.optimizer_step(name, settings, tensor, step)) return false;
  }
  append_words(parameters, out);
  if (with_state) {
    append_words(first, out);
    append_words(second, out);
  }
  return true;
}

}  // namespace

bool check_activation(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string name = words.text();
  const std::vector<float> x(kCopies, words.binary32());
  std::vector<float> y(kCopies), derivative(kCopies);
  if (!device.activation(name, x, y, derivative)) return false;
  out = {word_of_all(y), word_of_all(derivative)};
  return true;
}

bool check_layer_norm(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  return layer_norm_of(device, "unit", words, out);
}

bool check_layer_norm_of(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  return layer_norm_of(device, family, words, out);
}

bool check_softmax(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const int64_t n_rows = words.count(), n = words.count();
  std::vector<float> logits = elements(family, 0, static_cast<size_t>(n_rows * n));
  for (float& logit : logits) logit = 4.0f * logit;
  std::vector<float> probabilities(logits.size());
  if (!device.softmax(dense_view<const float>(logits.data(), n_rows, n),
                      dense_view(probabilities.data(), n_rows, n))) {
    return false;
  }
  append_words(probabilities, out);
  return true;
}

bool check_loss(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  return loss_of(device, "unit", words, out);
}

bool check_loss_of(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  return loss_of(device, family, words, out);
}

bool check_class_weights(OperatorDevice& device, const Words& in, Words& out) {
  std::vector<int64_t> sizes;
  for (WordReader words(in); !words.at_end();) sizes.push_back(words.count());
  std::vector<float> weights(sizes.size());
  if (!device.class_weights(sizes, weights)) return false;
  append_words(weights, out);
  return true;
}

bool check_schedule(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string name = words.text();
  const int64_t step = words.count();
  ScheduleSettings settings;
  settings.steps_per_epoch = words.count();
  settings.total_steps = words.count();
  settings.warmup_steps = words.count();
  if (name == "step") {
    settings.kind = ScheduleKind::kStep;
    settings.gamma = words.binary64();
    settings.step_epochs = words.count();
  } else if (name == "cosine") {
    settings.kind = ScheduleKind::kCosine;
    settings.final_factor = words.binary64();
  } else if (name != "constant") {
    throw std::runtime_error("a golden line has the unknown schedule " + name);
  }
  double factor = 0.0;
  if (!device.schedule_factor(settings, step, factor)) return false;
  out = {word_of(factor)};
  return true;
}

bool check_clipping(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  std::vector<float> gradients = elements(family, 0, words.decimal());
  double norm = 0.0;
  if (!device.clip_by_norm(gradients, words.binary64(), norm)) return false;
  out = {word_of(norm)};
  append_words(gradients, out);
  return true;
}

bool check_optimizer(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  return optimizer_of(device, "unit", false, words, out);
}

bool check_optimizer_of(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  return optimizer_of(device, family, true, words, out);
}

}  // namespace reprotrain::kernels
