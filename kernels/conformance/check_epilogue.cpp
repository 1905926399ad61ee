// SPDX-License-Identifier: Apache-2.0
// A product with each epilogue that training asks for. x, the product alone, is the golden line's; C
// is judged by the scalar formula of x, whose own known answers are those of the activations.
#include <array>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/product_line.h"
#include "kernels/elementwise/activation.h"

namespace reprotrain::kernels {
namespace {

using FamilyLine = ProductLine<FamilyValues, FamilyValues>;

/// An activation as scalar formulas.
struct ScalarActivation {
  Activation activation;
  float (*value)(float x);
  /// f', from what derivative_needs_input says.
  float (*derivative)(float of);
};

template <class Function>
constexpr ScalarActivation scalar_activation(Activation activation) {
  return {activation, [](float x) { return Function::value(x); },
          [](float of) { return Function::derivative(of, of); }};
}

constexpr std::array kScalarActivations = {
    scalar_activation<Relu>(Activation::kRelu), scalar_activation<Tanh>(Activation::kTanh),
    scalar_activation<Sigmoid>(Activation::kSigmoid), scalar_activation<Gelu>(Activation::kGelu)};
static_assert(kScalarActivations.size() == kActivationCount);

/// What x, the product alone, becomes by an activation and by its derivative: whatever the gaps between
/// rows are.
struct ExpectedEnds {
  std::vector<float> x;
  std::vector<float> derivative_of;
  std::vector<float> activated;
  std::vector<float> times_derivative;

  ExpectedEnds(const ScalarActivation& f, const std::vector<float>& product) : x(product) {
    for (size_t i = 0; i < x.size(); ++i) {
      const float earlier_x = element("special", (uint64_t{1} << 22) + i);
      const bool needs_input = derivative_needs_input(f.activation);
      derivative_of.push_back(needs_input ? earlier_x : f.value(earlier_x));
      activated.push_back(f.value(x[i]));
      times_derivative.push_back(x[i] * f.derivative(derivative_of[i]));
    }
  }
};

/// One golden line with one activation, on one device, with so many numbers between rows.
class EpilogueCheck {
 public:
  EpilogueCheck(OperatorDevice& device, std::string_view specification, const FamilyLine& line,
                Activation activation, const ExpectedEnds& expected, int64_t gap)
      : device_(device),
        specification_(specification),
        line_(line),
        activation_(activation),
        expected_(expected),
        gap_(gap),
        kept_(line.n_rows, line.n_columns, gap),
        of_(line.n_rows, line.n_columns, gap) {
    of_.fill([&](uint64_t i) { return expected.derivative_of[i]; });
  }

  // Whether C is what the formula makes of the product alone.
  bool activates() { return ends_as(Epilogue::activate(activation_), expected_.activated); }
  bool activates_and_keeps() {
    const auto epilogue = Epilogue::activate_and_keep(activation_, kept_.view());
    return ends_as(epilogue, expected_.activated) &&
           have_same_words(kept_.dense_values(), expected_.x);
  }
  bool multiplies_by_derivative() {
    return ends_as(Epilogue::times_derivative(activation_, of_.view()), expected_.times_derivative);
  }

 private:
  bool ends_as(const Epilogue& epilogue, const std::vector<float>& expected) {
    std::vector<float> c;
    return line_.compute(device_, specification_, gap_, epilogue, c) &&
           have_same_words(c, expected);
  }

  static bool have_same_words(const std::vector<float>& a, const std::vector<float>& b) {
    Words words_of_a, words_of_b;
    append_words(a, words_of_a);
    append_words(b, words_of_b);
    return words_of_a == words_of_b;
  }

  OperatorDevice& device_;
  std::string_view specification_;
  const FamilyLine& line_;
  Activation activation_;
  const ExpectedEnds& expected_;
  int64_t gap_;
  PlacedMatrix kept_, of_;
};

std::string fault_of(const ScalarActivation& f) {
  return "epilogue:" + std::string(activation_list()[static_cast<size_t>(f.activation)].name);
}

}  // namespace

bool check_product_with_epilogue(OperatorDevice& device, std::string_view specification,
                                 const Words& in, Words& out) {
  const FamilyLine line = line_of_families(in);
  std::vector<float> x;
  if (!line.compute(device, specification, 0, x)) return false;
  append_words(x, out);
  for (const ScalarActivation& f : kScalarActivations) {
    const ExpectedEnds expected(f, x);
    EpilogueCheck without_gaps(device, specification, line, f.activation, expected, 0);
    EpilogueCheck with_gaps(device, specification, line, f.activation, expected, 3);
    const bool holds = without_gaps.activates() && with_gaps.activates_and_keeps() &&
                       with_gaps.multiplies_by_derivative();
    if (!holds) out = {fault_of(f)};
  }
  return true;
}

/// One epilogue of each activation, without gaps: an emulated device needs a second for a product.
bool check_large_product_with_epilogue(OperatorDevice& device, std::string_view specification,
                                       const Words& in, Words& out) {
  const FamilyLine line = line_of_families(in);
  std::vector<float> x;
  if (!line.compute(device, specification, 0, x)) return false;
  out = {tile_digest(std::span<const float>(x), 0, SerialParallel()).hex()};
  for (const ScalarActivation& f : kScalarActivations) {
    const bool goes_forward =
        f.activation == Activation::kRelu || f.activation == Activation::kGelu;
    const ExpectedEnds expected(f, x);
    EpilogueCheck check(device, specification, line, f.activation, expected, 0);
    const bool holds =
        goes_forward ? check.activates_and_keeps() : check.multiplies_by_derivative();
    if (!holds) out = {fault_of(f)};
  }
  return true;
}

}  // namespace reprotrain::kernels
