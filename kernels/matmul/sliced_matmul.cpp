// SPDX-License-Identifier: Apache-2.0
// How a sliced product is cut: panels first, then groups of tiles, each over all of K.
//
//   pack the panels of A and of B                                             (parallel over panels)
//   for each (group of rows, group of columns)                                (parallel over groups)
//     for each block of K, for each panel of B, for each tile of A: totals += T      int32 -> int64
//     totals -> C: one rounding, the bias, the epilogue
//
// A block of B's panel (512 x 16 words) stays in the first two cache levels while the group's rows
// (64 x 512 words) pass by. Nothing of this reaches a value.
#include "kernels/matmul/sliced_matmul.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cpu_path.h"
#include "kernels/base/require.h"
#include "kernels/base/vector_loop.h"
#include "kernels/base/work_space.h"
#include "kernels/matmul/digit_panels.h"
#include "kernels/matmul/digit_slices.h"
#include "kernels/matmul/digit_tile.h"
#include "kernels/matmul/epilogue_rows.h"
#include "kernels/matmul/non_finite_terms.h"

namespace reprotrain::kernels {

namespace {

/// Least work of a piece (in products of elements), so that handing it to a thread pays.
constexpr int64_t kPieceWork = int64_t{1} << 20;
/// What packing an element costs, in products of elements.
constexpr int64_t kPackingWork = 16;
/// Rows and columns of C that a task computes; multiples of every panel.
constexpr int64_t kGroupRows = 64;
constexpr int64_t kGroupColumns = 128;
constexpr int64_t kGroupTotals = kGroupRows * kGroupColumns;

int64_t n_groups(const MatrixView& c) {
  return ceil_div(c.n_rows, kGroupRows) * ceil_div(c.n_columns, kGroupColumns);
}

Region group_region(const MatrixView& c, int64_t index) {
  const int64_t n_row_groups = ceil_div(c.n_rows, kGroupRows);
  const int64_t row = index % n_row_groups * kGroupRows;
  const int64_t column = index / n_row_groups * kGroupColumns;
  return {row, std::min(row + kGroupRows, c.n_rows), column,
          std::min(column + kGroupColumns, c.n_columns)};
}

DigitTileKernel digit_tile_kernel(int n_digits) {
  switch (cpu_path()) {
#if defined(__x86_64__)
    case CpuPath::kAvx2:
      return avx2_digit_tile_kernel(n_digits);
    case CpuPath::kAvxVnni:
      return avxvnni_digit_tile_kernel(n_digits);
    case CpuPath::kAvx512:
      return avx512_digit_tile_kernel(n_digits);
    case CpuPath::kAvx512Vnni:
      return avx512vnni_digit_tile_kernel(n_digits);
#elif defined(__aarch64__)
    case CpuPath::kNeonDot:
      return neondot_digit_tile_kernel(n_digits);
#endif
    default:
      return portable_digit_tile_kernel(n_digits);
  }
}

/// totals (+)= sums[0] + 256 sums[1] + 65536 sums[2], row by row of a tile.
template <int kSums>
struct AddSums {
  const int32_t* sums;
  int64_t n_columns;
  int64_t* totals;
  bool first;

  RPT_HD void operator()(int64_t row) const {
    const int32_t* row_sums = sums + row * n_columns;
    int64_t* total = totals + row * kGroupColumns;
    RPT_INDEPENDENT for (int64_t j = 0; j < n_columns; ++j) {
      int64_t value = row_sums[(kSums - 1) * kTileRows * n_columns + j];
      for (int n = kSums - 2; n >= 0; --n) {
        value = with_lower_weight(value, row_sums[n * kTileRows * n_columns + j]);
      }
      total[j] = first ? value : total[j] + value;
    }
  }
};

/// Totals of one row of C become numbers.
struct RoundRow {
  const int64_t* totals;
  double row_unit;
  const double* column_units;
  const float* bias;
  float* c;
  int64_t n_columns;
  bool totals_are_small;  ///< below 2^51

  RPT_HD void operator()(int64_t /*row*/) const {
    if (totals_are_small) {
      RPT_INDEPENDENT for (int64_t j = 0; j < n_columns; ++j) {
        c[j] = rounded_once(small_total(totals[j]), row_unit, column_units[j]);
      }
    } else {
      for (int64_t j = 0; j < n_columns; ++j) {
        c[j] = rounded_once(rounding_equivalent(totals[j]), row_unit, column_units[j]);
      }
    }
    if (bias == nullptr) return;
    RPT_INDEPENDENT for (int64_t j = 0; j < n_columns; ++j) c[j] = c[j] + bias[j];
  }
};

class SlicedProduct {
 public:
  SlicedProduct(const MatrixProduct& product, const DigitTileKernel& kernel, int n_digits)
      : product_(product),
        kernel_(kernel),
        n_digits_(n_digits),
        a_({product.a, !product.transpose_a, false}, kernel, n_digits),
        b_({product.b, product.transpose_b, true}, kernel, n_digits) {}

  /// Words of both operands, B's at a 64-byte boundary.
  int64_t n_words() const { return round_up(a_.n_words(), 16) + b_.n_words(); }
  void place(const WorkSpace& memory) {
    auto* const words = reinterpret_cast<int32_t*>(memory.data());
    a_.place(words);
    b_.place(words + round_up(a_.n_words(), 16));
  }

  void run(const Parallel& parallel) {
    const WorkSpace memory(n_words());
    place(memory);
    pack(a_, parallel);
    pack(b_, parallel);
    const int64_t task_work = std::min(kGroupRows, product_.c.n_rows) *
                              std::min(kGroupColumns, product_.c.n_columns) *
                              std::max<int64_t>(1, product_.depth());
    parallel.for_ranges(n_groups(product_.c), ceil_div(kPieceWork, task_work),
                        [&](int64_t begin, int64_t end) {
                          alignas(64) int64_t totals[kGroupTotals];
                          for (int64_t i = begin; i < end; ++i) {
                            const Region group = group_region(product_.c, i);
                            add_group(group, totals, true);
                            round_group(group, totals, product_.depth());
                            mend_group(group);
                            finish_region(product_.epilogue, product_.c, group);
                          }
                        });
  }

  // The steps of a product whose terms come in parts.
  void measure(LargestMagnitude* rows, LargestMagnitude* columns) const {
    measure(a_, rows);
    measure(b_, columns);
  }
  void pack(const LargestMagnitude* rows, const LargestMagnitude* columns) const {
    pack(a_, rows);
    pack(b_, columns);
  }

  /// totals = T of a group, or totals + T. (kGroupRows, kGroupColumns)
  void add_group(const Region& group, int64_t* totals, bool is_first) const {
    for (int64_t block = 0; block < a_.n_blocks(); ++block) {
      for (int64_t column = group.column_begin; column < group.column_end;
           column += kernel_.n_columns) {
        for (int64_t row = group.row_begin; row < group.row_end; row += kTileRows) {
          add_tile(block, row, column,
                   totals + (row - group.row_begin) * kGroupColumns + column - group.column_begin,
                   is_first && block == 0);
        }
      }
    }
  }

  /// C of a group, and the bias, from totals over `depth` terms.
  void round_group(const Region& group, const int64_t* totals, int64_t depth) const {
    double column_units[kGroupColumns];
    for (int64_t column = group.column_begin; column < group.column_end; ++column) {
      column_units[column - group.column_begin] = unit_of(b_.exponent(column), 0);
    }
    RoundRow round;
    round.column_units = column_units;
    round.bias = product_.bias == nullptr ? nullptr : product_.bias + group.column_begin;
    round.n_columns = group.column_end - group.column_begin;
    round.totals_are_small = totals_are_small(depth, n_digits_);
    for (int64_t row = group.row_begin; row < group.row_end; ++row) {
      round.totals = totals + (row - group.row_begin) * kGroupColumns;
      round.row_unit = unit_of(a_.exponent(row), 8 * (n_digits_ - 1));
      round.c = product_.c.row(row) + group.column_begin;
      row_loop(round, 0, 1);
    }
  }

 private:
  static void measure(const DigitPanels& panels, LargestMagnitude* magnitudes) {
    for (int64_t i = 0; i < panels.n_panels(); ++i) {
      panels.measure(i, magnitudes + i * panels.width());
    }
  }
  static void pack(const DigitPanels& panels, const LargestMagnitude* magnitudes) {
    for (int64_t i = 0; i < panels.n_panels(); ++i) {
      panels.pack(i, magnitudes + i * panels.width());
    }
  }
  void pack(const DigitPanels& panels, const Parallel& parallel) const {
    const int64_t panel_work =
        kPackingWork * panels.width() * std::max<int64_t>(1, product_.depth());
    parallel.for_ranges(panels.n_panels(), ceil_div(kPieceWork, panel_work),
                        [&](int64_t begin, int64_t end) {
                          for (int64_t panel = begin; panel < end; ++panel) panels.pack(panel);
                        });
  }

  void add_tile(int64_t block, int64_t row, int64_t column, int64_t* totals, bool first) const {
    const int64_t row_in_panel = row % kPanelRows;
    alignas(64) int32_t sums[kMaxSums * kTileRows * kMaxPanelColumns];
    DigitTileTask task;
    task.n_groups = a_.groups_in(block);
    task.a = a_.words(row / kPanelRows, block) + row_in_panel;
    task.start = a_.start(row / kPanelRows, block) + row_in_panel;
    task.b = b_.words(column / kernel_.n_columns, block);
    task.sums = sums;
    kernel_.run(task);

    switch (group_shape(kernel_.layout, n_digits_).n_sums) {
      case 1:
        return row_loop(AddSums<1>{sums, kernel_.n_columns, totals, first}, 0, kTileRows);
      case 2:
        return row_loop(AddSums<2>{sums, kernel_.n_columns, totals, first}, 0, kTileRows);
      default:
        return row_loop(AddSums<3>{sums, kernel_.n_columns, totals, first}, 0, kTileRows);
    }
  }

  /// Elements whose row or column holds an infinity or a NaN.
  void mend_group(const Region& group) const {
    bool columns_are_finite = true;
    for (int64_t column = group.column_begin; column < group.column_end; ++column) {
      columns_are_finite = columns_are_finite && !b_.has_non_finite(column);
    }
    for (int64_t row = group.row_begin; row < group.row_end; ++row) {
      if (!columns_are_finite || a_.has_non_finite(row)) mend_row(row, group);
    }
  }

  void mend_row(int64_t row, const Region& group) const {
    for (int64_t column = group.column_begin; column < group.column_end; ++column) {
      if (!a_.has_non_finite(row) && !b_.has_non_finite(column)) continue;
      const float sum = sum_of_non_finite_terms(product_, row, column);
      product_.c(row, column) = product_.bias == nullptr ? sum : sum + product_.bias[column];
    }
  }

  const MatrixProduct& product_;
  const DigitTileKernel& kernel_;
  int n_digits_;
  DigitPanels a_;
  DigitPanels b_;
};

}  // namespace

void require_sliced_product(const MatrixProduct& product, int n_digits) {
  require_product(product);
  require(n_digits == 2 || n_digits == 3, "sliced matrix product: neither 2 nor 3 digits");
  require(product.depth() <= kMaxSlicedDepth,
          "sliced matrix product: more terms than a total has room for");
}

void sliced_matmul(const MatrixProduct& product, int n_digits, const Parallel& parallel) {
  require_sliced_product(product, n_digits);
  if (product.c.n_rows == 0 || product.c.n_columns == 0) return;
  const DigitTileKernel kernel = digit_tile_kernel(n_digits);
  SlicedProduct(product, kernel, n_digits).run(parallel);
}

namespace {

/// C of these terms alone; its memory may be missing where only totals are wanted.
MatrixProduct product_of(const SlicedTerms& terms, const MatrixView& c) {
  return {terms.a, true, terms.b, false, c, nullptr};
}

}  // namespace

SlicedSum::SlicedSum(int64_t n_rows, int64_t n_columns, int n_digits)
    : n_rows_(n_rows),
      n_columns_(n_columns),
      n_digits_(n_digits),
      kernel_(digit_tile_kernel(n_digits)),
      rows_(static_cast<size_t>(round_up(n_rows, kPanelRows))),
      columns_(static_cast<size_t>(round_up(n_columns, kernel_.n_columns))),
      totals_(
          static_cast<size_t>(n_groups({nullptr, n_rows, n_columns, n_columns}) * kGroupTotals)) {}

void SlicedSum::measure(const SlicedTerms& part) {
  const MatrixProduct product = product_of(part, {nullptr, n_rows_, n_columns_, n_columns_});
  SlicedProduct(product, kernel_, n_digits_).measure(rows_.data(), columns_.data());
}

void SlicedSum::add(const SlicedTerms& part) {
  const MatrixProduct product = product_of(part, {nullptr, n_rows_, n_columns_, n_columns_});
  SlicedProduct sliced(product, kernel_, n_digits_);
  const WorkSpace memory(sliced.n_words());
  sliced.place(memory);
  sliced.pack(rows_.data(), columns_.data());
  for (int64_t i = 0; i < n_groups(product.c); ++i) {
    sliced.add_group(group_region(product.c, i), totals_.data() + i * kGroupTotals, false);
  }
  add_non_finite(product);
  n_terms_ += product.depth();
}

/// The order of the parts cannot be seen, just as that of the terms.
void SlicedSum::add_non_finite(const MatrixProduct& part) {
  const auto has_non_finite = [](const LargestMagnitude& m) { return m.has_non_finite(); };
  if (std::none_of(rows_.begin(), rows_.end(), has_non_finite) &&
      std::none_of(columns_.begin(), columns_.end(), has_non_finite)) {
    return;
  }
  non_finite_.resize(static_cast<size_t>(n_rows_ * n_columns_));
  const auto sums = dense_view(non_finite_.data(), n_rows_, n_columns_);
  for (int64_t row = 0; row < n_rows_; ++row) {
    for (int64_t column = 0; column < n_columns_; ++column) {
      if (!has_non_finite(rows_[static_cast<size_t>(row)]) &&
          !has_non_finite(columns_[static_cast<size_t>(column)])) {
        continue;
      }
      sums(row, column) = sums(row, column) + sum_of_non_finite_terms(part, row, column);
    }
  }
}

void SlicedSum::finish(const MatrixView& c) const {
  require_view(c, "c");
  require(c.n_rows == n_rows_ && c.n_columns == n_columns_,
          "sliced sum: the shape of c does not match the terms");
  if (n_rows_ == 0 || n_columns_ == 0) return;
  const SlicedTerms none{{c.data, 0, n_rows_, n_rows_}, {c.data, 0, n_columns_, n_columns_}};
  const MatrixProduct product = product_of(none, c);
  SlicedProduct sliced(product, kernel_, n_digits_);
  const WorkSpace memory(sliced.n_words());
  sliced.place(memory);
  sliced.pack(rows_.data(), columns_.data());
  for (int64_t i = 0; i < n_groups(c); ++i) {
    sliced.round_group(group_region(c, i), totals_.data() + i * kGroupTotals, n_terms_);
  }
  for (int64_t row = 0; row < n_rows_; ++row) {
    for (int64_t column = 0; column < n_columns_; ++column) {
      if (!rows_[static_cast<size_t>(row)].has_non_finite() &&
          !columns_[static_cast<size_t>(column)].has_non_finite()) {
        continue;
      }
      c(row, column) = non_finite_[static_cast<size_t>(row * n_columns_ + column)];
    }
  }
}

}  // namespace reprotrain::kernels
