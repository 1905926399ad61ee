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

/// What an epilogue makes of x where the derivative's operand is `of`.
float ended(const ScalarActivation& f, Epilogue::Kind kind, float x, float of) {
  return kind == Epilogue::Kind::kActivation ? f.value(x) : x * f.derivative(of);
}

/// One golden line with one activation, on one device, with so many numbers between rows.
class EpilogueCheck {
 public:
  EpilogueCheck(OperatorDevice& device, std::string_view specification, const FamilyLine& line,
                const ScalarActivation& activation, int64_t gap)
      : device_(device),
        specification_(specification),
        line_(line),
        activation_(activation),
        gap_(gap),
        kept_(line.n_rows, line.n_columns, gap),
        of_(line.n_rows, line.n_columns, gap) {
    of_.fill([&](uint64_t i) {
      const float earlier_x = element("special", (uint64_t{1} << 22) + i);
      return derivative_needs_input(activation.activation) ? earlier_x
                                                           : activation.value(earlier_x);
    });
  }

  // Whether C is what the formula makes of `x`, the product alone.
  bool activates(const std::vector<float>& x) {
    return ends_as_formula(Epilogue::activate(activation_.activation), x);
  }
  bool activates_and_keeps(const std::vector<float>& x) {
    const auto epilogue = Epilogue::activate_and_keep(activation_.activation, kept_.view());
    return ends_as_formula(epilogue, x) && have_same_words(kept_.dense_values(), x);
  }
  bool multiplies_by_derivative(const std::vector<float>& x) {
    return ends_as_formula(Epilogue::times_derivative(activation_.activation, of_.view()), x);
  }

 private:
  bool ends_as_formula(const Epilogue& epilogue, const std::vector<float>& x) {
    std::vector<float> c, expected;
    if (!line_.compute(device_, specification_, gap_, epilogue, c)) return false;
    const std::vector<float> of = of_.dense_values();
    for (size_t i = 0; i < x.size(); ++i) {
      expected.push_back(ended(activation_, epilogue.kind, x[i], of[i]));
    }
    return have_same_words(c, expected);
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
  const ScalarActivation& activation_;
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
    for (const int64_t gap : {0, 3}) {
      EpilogueCheck check(device, specification, line, f, gap);
      const bool holds =
          check.activates(x) && check.activates_and_keeps(x) && check.multiplies_by_derivative(x);
      if (!holds) out = {fault_of(f)};
    }
  }
  return true;
}

/// One epilogue of each activation: an emulated device needs a second for a product.
bool check_large_product_with_epilogue(OperatorDevice& device, std::string_view specification,
                                       const Words& in, Words& out) {
  const FamilyLine line = line_of_families(in);
  std::vector<float> x;
  if (!line.compute(device, specification, 0, x)) return false;
  out = {tile_digest(std::span<const float>(x), 0, SerialParallel()).hex()};
  for (const ScalarActivation& f : kScalarActivations) {
    const bool goes_forward =
        f.activation == Activation::kRelu || f.activation == Activation::kGelu;
    EpilogueCheck check(device, specification, line, f, 0);
    const bool holds =
        goes_forward ? check.activates_and_keeps(x) : check.multiplies_by_derivative(x);
    if (!holds) out = {fault_of(f)};
  }
  return true;
}

}  // namespace reprotrain::kernels
