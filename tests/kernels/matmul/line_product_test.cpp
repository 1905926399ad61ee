// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/line_product.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/matmul/narrow_tile.h"
#include "tests/kernels/matmul/ordered_definition.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::Bits;
using testing::GuardedMatrix;
using testing::ordered_by_definition;

struct LineCase {
  int64_t n_lines;
  int64_t n_rows;  ///< of a line
  int64_t n_columns;
  int64_t depth;
  bool rows_are_adjacent;
  bool has_bias;
};

std::string name_of(const LineCase& c) {
  return std::to_string(c.n_lines) + " lines of " + std::to_string(c.n_rows) + " rows, " +
         std::to_string(c.n_columns) + " columns, " + std::to_string(c.depth) + " terms" +
         (c.rows_are_adjacent ? ", adjacent" : "") + (c.has_bias ? ", bias" : "");
}

/// The bits of all rows of a matrix.
Bits bits_of_rows(const MatrixView& matrix) {
  Bits bits;
  for (int64_t row = 0; row < matrix.n_rows; ++row) {
    const Bits some =
        bit_patterns(std::span(matrix.row(row), static_cast<size_t>(matrix.n_columns)));
    bits.insert(bits.end(), some.begin(), some.end());
  }
  return bits;
}

/// A product whose terms lie backwards in memory.
class Operands {
 public:
  Operands(const LineCase& c, std::string_view family, int64_t gap)
      : case_(c),
        a_(c.n_lines * c.n_rows, c.depth, 0, 0),
        b_(c.depth, c.n_columns, gap, 1),
        c_(c.n_lines * c.n_rows, c.n_columns, gap, 3) {
    a_.fill(family, 0);
    b_.fill(family, uint64_t{1} << 22);
    for (int64_t j = 0; c.has_bias && j < c.n_columns; ++j) {
      bias_.push_back(element(family, (uint64_t{1} << 23) + static_cast<uint64_t>(j)));
    }
    const int64_t row_stride = c.rows_are_adjacent ? 1 : c.depth + 3;
    const int64_t term_stride = c.rows_are_adjacent ? c.n_rows + 2 : 1;
    const int64_t line_size = c.n_rows * row_stride + c.depth * term_stride;
    lines_.resize(static_cast<size_t>(c.n_lines * line_size), 1e30f);
    for (int64_t k = 0; k < c.depth; ++k) offsets_.push_back((c.depth - 1 - k) * term_stride);
    for (int64_t line = 0; line < c.n_lines; ++line) {
      float* const first = lines_.data() + line * line_size;
      for (int64_t r = 0; r < c.n_rows; ++r) {
        for (int64_t k = 0; k < c.depth; ++k) {
          first[r * row_stride + offsets_[static_cast<size_t>(k)]] =
              a_.view()(line * c.n_rows + r, k);
        }
      }
      a_lines_.push_back(first);
      c_lines_.push_back(c_.view().row(line * c.n_rows));
    }
    product_.a_row_stride = row_stride;
  }

  Bits run() {
    const TileKernel kernel = tile_kernel_for(64, case_.n_columns);
    std::vector<float> packed(
        static_cast<size_t>(packed_factor_size(kernel, case_.depth, case_.n_columns)));
    product_.a_lines = a_lines_;
    product_.term_offsets = offsets_;
    product_.b = pack_factor(kernel, b_.view(), packed.data());
    product_.c_lines = c_lines_;
    product_.c_row_stride = c_.view().row_stride;
    product_.n_rows = case_.n_rows;
    product_.bias = case_.has_bias ? bias_.data() : nullptr;
    multiply_lines(kernel, product_);
    EXPECT_TRUE(c_.guards_are_whole());
    return bits_of_rows(c_.view());
  }

  Bits by_definition() {
    return ordered_by_definition(
        {a_.view(), false, b_.view(), false, c_.view(), case_.has_bias ? bias_.data() : nullptr});
  }

  LineProduct& product() { return product_; }
  MatrixView c() { return c_.view(); }

 private:
  LineCase case_;
  GuardedMatrix a_, b_, c_;
  std::vector<float> bias_, lines_;
  std::vector<int64_t> offsets_;
  std::vector<const float*> a_lines_;
  std::vector<float*> c_lines_;
  LineProduct product_;
};

void expect_definition_on_all_paths(const LineCase& c, std::string_view family, int64_t gap) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    Operands operands(c, family, gap);
    ASSERT_EQ(operands.run(), operands.by_definition())
        << name_of(c) << " gap " << gap << " path " << name_of(path);
  }
}

TEST(LineProduct, IsTheDefinitionAtEveryNumberOfRowsAndColumns) {
  for (int64_t n_rows = 1; n_rows <= 26; ++n_rows) {
    for (const int64_t n_columns : {1, 2, 3, 6, 8, 9, 15, 16, 17, 31, 32, 33, 40}) {
      for (const bool adjacent : {false, true}) {
        expect_definition_on_all_paths({3, n_rows, n_columns, 7, adjacent, n_rows % 2 == 0}, "rare",
                                       n_rows % 3);
      }
    }
  }
}

TEST(LineProduct, KeepsSumsBetweenSlicesAndFoldsChains) {
  for (const int64_t depth : {1, 351, 352, 353, 705, 1023, 1024, 1025, 2050}) {
    for (const int64_t n_columns : {5, 16, 24}) {
      expect_definition_on_all_paths({2, 7, n_columns, depth, depth % 2 == 0, true}, "unit", 1);
      expect_definition_on_all_paths({70, 2, n_columns, depth, depth % 2 != 0, false}, "unit", 0);
    }
  }
}

TEST(LineProduct, FoldsItsChainIntoWhatIsThere) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    for (const int64_t n_columns : {6, 16, 20}) {
      Operands operands({4, 5, n_columns, 400, true, false}, "unit", 0);
      const MatrixView c = operands.c();
      std::vector<float> expected;
      operands.run();
      for (int64_t i = 0; i < c.n_rows * c.n_columns; ++i) expected.push_back(0.75f + c.data[i]);
      std::fill_n(c.data, c.n_rows * c.n_columns, 0.75f);
      operands.product().folds = true;
      EXPECT_EQ(operands.run(), bit_patterns(expected)) << n_columns << " " << name_of(path);
    }
  }
}

/// A product of few rows, its columns stored one after the other with a gap.
void expect_narrow_definition(int n_rows, int64_t n_columns, int64_t depth) {
  GuardedMatrix a(depth, n_rows, 0, 0);
  GuardedMatrix b(depth, n_columns, 11, 1);
  GuardedMatrix c(n_columns, n_rows, 2, 1);
  a.fill("rare", 0);
  b.fill("rare", uint64_t{1} << 22);
  std::vector<int64_t> offsets;
  for (int64_t k = 0; k < depth; ++k) offsets.push_back(k * b.view().row_stride);
  run_narrow_tiles({depth, n_rows, a.view().data, b.view().data, offsets.data(), n_columns,
                    c.view().data, c.view().row_stride});
  EXPECT_TRUE(c.guards_are_whole());
  ASSERT_EQ(bits_of_rows(c.view()),
            ordered_by_definition({b.view(), true, a.view(), false, c.view(), nullptr}))
      << n_rows << " rows, " << n_columns << " columns, " << depth << " terms";
}

TEST(NarrowTiles, AreTheDefinition) {
  for (const CpuPath path : available_cpu_paths()) {
    const CpuPathScope scope(path);
    if (!has_narrow_tiles()) continue;
    for (int n_rows = 1; n_rows <= kMostNarrowRows; ++n_rows) {
      for (int64_t n_columns = 1; n_columns < 75; n_columns += n_columns < 20 ? 1 : 7) {
        expect_narrow_definition(n_rows, n_columns, 9);
      }
      for (const int64_t depth : {1, 1023, 1024, 1025, 2049}) {
        expect_narrow_definition(n_rows, 21, depth);
      }
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
