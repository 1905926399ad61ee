// SPDX-License-Identifier: Apache-2.0
// What becomes of the elements of a product between their last addition and C.
//
//   x = product [+ bias]
//   kNone         C = x
//   kActivation   C = f(x), and x is kept, where that is asked for
//   kDerivative   C = x * f'     one binary32 multiplication; f' from y, or from x of an earlier f(x)
//
// Why: each pass saved reads and writes a matrix of the size of C: 0.13 to 4 MB in a training step,
//   and on a GPU a launch as well.
// Determinism: the formulas of activation.h, element by element, so the bits are those of the product
//   followed by passes of its own. Not a specification: nothing in a run's record names it.
// See also: activation.h, epilogue_rows.h (CPU), epilogue_cuda.h.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"
#include "kernels/elementwise/activation_kind.h"

namespace reprotrain::kernels {

struct Epilogue {
  enum class Kind { kNone, kActivation, kDerivative };

  Kind kind = Kind::kNone;
  Activation activation = Activation::kRelu;
  MatrixView kept_input = {};          ///< kActivation: x, shaped like C; without memory: not kept
  ConstMatrixView derivative_of = {};  ///< kDerivative: y, or x if derivative_needs_input

  /// C = f(x).
  static Epilogue activate(Activation f) { return {Kind::kActivation, f}; }
  /// C = f(x) and kept = x.
  static Epilogue activate_and_keep(Activation f, const MatrixView& kept) {
    return {Kind::kActivation, f, kept};
  }
  /// C = x * f', f' as `of` has it: y, or x if derivative_needs_input(f).
  static Epilogue times_derivative(Activation f, const ConstMatrixView& of) {
    return {Kind::kDerivative, f, {}, of};
  }

  RPT_HD bool keeps_input() const { return kept_input.data != nullptr; }

  /// The epilogue of the rows of C from `first` on.
  Epilogue from_row(int64_t first) const {
    Epilogue rest = *this;
    if (keeps_input()) rest.kept_input.data += first * kept_input.row_stride;
    if (derivative_of.data != nullptr) rest.derivative_of.data += first * derivative_of.row_stride;
    return rest;
  }
};

/// Throws std::invalid_argument, with a sentence, for an epilogue that does not fit C (n_rows,
/// n_columns). Its matrices overlap neither C nor an operand.
void require_epilogue(const Epilogue& epilogue, int64_t n_rows, int64_t n_columns);

}  // namespace reprotrain::kernels
