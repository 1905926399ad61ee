// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/epilogue_rows.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/elementwise/activation.h"

namespace reprotrain::kernels {

namespace {

/// `n_runs` runs of `length` neighbours: rows, or all rows at once where nothing lies between them.
struct Runs {
  int64_t n_runs;
  int64_t length;
};

Runs runs_of(const Region& part, const MatrixView& c, int64_t other_stride) {
  const int64_t n_columns = part.n_columns();
  const bool are_adjacent = c.row_stride == n_columns && other_stride == n_columns;
  return are_adjacent ? Runs{1, part.n_rows() * n_columns} : Runs{part.n_rows(), n_columns};
}

void activate(const Epilogue& epilogue, const ActivationKernel& kernel, const MatrixView& c,
              const Region& part) {
  const MatrixView& kept = epilogue.kept_input;
  const auto [n_runs, length] =
      runs_of(part, c, epilogue.keeps_input() ? kept.row_stride : c.row_stride);
  for (int64_t run = 0; run < n_runs; ++run) {
    float* values = &c(part.row_begin + run, part.column_begin);
    if (epilogue.keeps_input()) {
      std::copy_n(values, length, &kept(part.row_begin + run, part.column_begin));
    }
    kernel.values(values, values, length);
  }
}

void multiply_by_derivative(const Epilogue& epilogue, const ActivationKernel& kernel,
                            const MatrixView& c, const Region& part) {
  const ConstMatrixView& of = epilogue.derivative_of;
  const auto [n_runs, length] = runs_of(part, c, of.row_stride);
  for (int64_t run = 0; run < n_runs; ++run) {
    kernel.times_derivative(&of(part.row_begin + run, part.column_begin),
                            &c(part.row_begin + run, part.column_begin), length);
  }
}

}  // namespace

void require_epilogue(const Epilogue& epilogue, int64_t n_rows, int64_t n_columns) {
  const auto require_like_c = [&](const auto& view, const char* name) {
    require_view(view, name);
    require(view.n_rows == n_rows && view.n_columns == n_columns,
            "epilogue: a matrix that is not shaped like C");
  };
  const auto activation = static_cast<int>(epilogue.activation);
  require(activation >= 0 && activation < kActivationCount, "epilogue: an unknown activation");
  const bool has_derivative = epilogue.derivative_of.data != nullptr;
  switch (epilogue.kind) {
    case Epilogue::Kind::kNone:
      return require(!epilogue.keeps_input() && !has_derivative,
                     "epilogue: a matrix without an activation");
    case Epilogue::Kind::kActivation:
      require(!has_derivative, "epilogue: an activation with the operand of a derivative");
      if (epilogue.keeps_input()) require_like_c(epilogue.kept_input, "of kept inputs");
      return;
    case Epilogue::Kind::kDerivative:
      require(!epilogue.keeps_input(), "epilogue: a derivative that should keep inputs");
      return require_like_c(epilogue.derivative_of, "of the derivative's operand");
  }
  require(false, "epilogue: an unknown kind");
}

void finish_region(const Epilogue& epilogue, const MatrixView& c, const Region& region) {
  if (epilogue.kind == Epilogue::Kind::kNone) return;
  const ActivationKernel& kernel = activation_list()[static_cast<size_t>(epilogue.activation)];
  if (epilogue.kind == Epilogue::Kind::kActivation) {
    activate(epilogue, kernel, c, region);
  } else {
    multiply_by_derivative(epilogue, kernel, c, region);
  }
}

void finish_matrix(const Epilogue& epilogue, const MatrixView& c, const Parallel& parallel) {
  require_view(c, "C");
  require_epilogue(epilogue, c.n_rows, c.n_columns);
  if (epilogue.kind == Epilogue::Kind::kNone || c.n_columns == 0) return;
  const int64_t rows = ceil_div(kElementsFinishedAtOnce, c.n_columns);
  parallel.for_ranges(c.n_rows, rows, [&](int64_t begin, int64_t end) {
    finish_region(epilogue, c, {begin, end, 0, c.n_columns});
  });
}

}  // namespace reprotrain::kernels
