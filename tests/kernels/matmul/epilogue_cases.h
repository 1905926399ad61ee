// SPDX-License-Identifier: Apache-2.0
// Products with epilogues as test cases, and what they are by definition: the product, then passes
// of the scalar formulas.
#pragma once

#include <string>
#include <vector>

#include "kernels/elementwise/activation.h"
#include "kernels/matmul/epilogue.h"
#include "tests/support/product_operands.h"

namespace reprotrain::testing {

/// What is asked of an epilogue.
struct EpilogueCase {
  kernels::Epilogue::Kind kind;
  kernels::Activation activation;
  bool keeps_input = false;
};

/// Every activation, forward with and without the input kept, and backward.
inline std::vector<EpilogueCase> every_epilogue() {
  std::vector<EpilogueCase> cases;
  for (int i = 0; i < kernels::kActivationCount; ++i) {
    const auto activation = static_cast<kernels::Activation>(i);
    cases.push_back({kernels::Epilogue::Kind::kActivation, activation, false});
    cases.push_back({kernels::Epilogue::Kind::kActivation, activation, true});
    cases.push_back({kernels::Epilogue::Kind::kDerivative, activation, false});
  }
  return cases;
}

inline std::string name_of(const EpilogueCase& c) {
  return std::string(c.kind == kernels::Epilogue::Kind::kActivation ? "activation "
                                                                    : "derivative ") +
         std::to_string(static_cast<int>(c.activation)) + (c.keeps_input ? " kept" : "");
}

/// f(x), or x * f' with the operand of the derivative that the specification names.
template <class Function>
float ended_by(const EpilogueCase& c, float x, float earlier_x) {
  if (c.kind == kernels::Epilogue::Kind::kActivation) return Function::value(x);
  return x * Function::derivative(earlier_x, Function::value(earlier_x));
}

inline float ended(const EpilogueCase& c, float x, float earlier_x) {
  switch (c.activation) {
    case kernels::Activation::kRelu:
      return ended_by<kernels::Relu>(c, x, earlier_x);
    case kernels::Activation::kTanh:
      return ended_by<kernels::Tanh>(c, x, earlier_x);
    case kernels::Activation::kSigmoid:
      return ended_by<kernels::Sigmoid>(c, x, earlier_x);
    case kernels::Activation::kGelu:
      return ended_by<kernels::Gelu>(c, x, earlier_x);
  }
  return x;
}

/// The matrices of an epilogue for a product (n_rows, n_columns).
struct EpilogueOperands {
  EpilogueOperands(const EpilogueCase& c, int64_t n_rows, int64_t n_columns, int64_t gap,
                   int64_t shift)
      : asked(c),
        earlier_x(n_rows, n_columns, gap, shift),
        of(n_rows, n_columns, gap, shift),
        kept(n_rows, n_columns, gap, shift) {
    earlier_x.fill("special", uint64_t{1} << 22);
    const bool of_input = kernels::derivative_needs_input(c.activation);
    for (int64_t i = 0; i < n_rows; ++i) {
      for (int64_t j = 0; j < n_columns; ++j) {
        const float x = earlier_x.view()(i, j);
        of.view()(i, j) =
            of_input ? x : ended({kernels::Epilogue::Kind::kActivation, c.activation}, x, x);
      }
    }
  }

  kernels::Epilogue epilogue() {
    if (asked.kind == kernels::Epilogue::Kind::kDerivative) {
      return kernels::Epilogue::times_derivative(asked.activation, of.view());
    }
    return asked.keeps_input ? kernels::Epilogue::activate_and_keep(asked.activation, kept.view())
                             : kernels::Epilogue::activate(asked.activation);
  }

  /// What C should hold, given the bits of the product alone.
  Bits expected(const Bits& product) {
    Bits bits;
    for (size_t i = 0; i < product.size(); ++i) {
      const auto n = earlier_x.view().n_columns;
      const auto index = static_cast<int64_t>(i);
      const float x = kernels::float_from_bits(product[i]);
      bits.push_back(kernels::bits_of(
          kernels::canonical(ended(asked, x, earlier_x.view()(index / n, index % n)))));
    }
    return bits;
  }

  EpilogueCase asked;
  GuardedMatrix earlier_x, of, kept;
};

inline Bits bits_of_matrix(const kernels::ConstMatrixView& matrix) {
  Bits bits;
  for (int64_t i = 0; i < matrix.n_rows; ++i) {
    for (int64_t j = 0; j < matrix.n_columns; ++j) {
      bits.push_back(kernels::bits_of(kernels::canonical(matrix(i, j))));
    }
  }
  return bits;
}

}  // namespace reprotrain::testing
