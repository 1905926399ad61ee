// SPDX-License-Identifier: Apache-2.0
// The last step of a feature plan: columns become one row-major matrix.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "engine/features/column_access.h"
#include "engine/features/feature_plan.h"
#include "include/reprotrain/error.h"
#include "kernels/base/ceil_div.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

// About 1 MiB of a hundred columns: small beside the matrix, large beside a page.
constexpr int64_t kBlockRows = 4096;

// Gives the memory of the values in [begin, end), which were copied, back to the system; all of
// `column` before `begin` was given back already. Only whole pages inside the column: they belong
// to it alone, and nobody reads them again.
void release(const float* column, const float* begin, const float* end) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t first_whole = kernels::round_up(reinterpret_cast<uintptr_t>(column), page);
  const uintptr_t first = std::max(first_whole, reinterpret_cast<uintptr_t>(begin) / page * page);
  const uintptr_t last = reinterpret_cast<uintptr_t>(end) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

[[noreturn]] void fail_at(const Column& column, int64_t element, int64_t row) {
  const float value = column.values[static_cast<size_t>(row * column.width() + element)];
  throw Error(ErrorKind::kData,
              "features: column \"" + column.element_name(element) + "\", " + row_label(row) +
                  ": " +
                  (kernels::is_nan(value) ? "the value is missing; add impute to /features"
                                          : "the value is infinite; correct it or add clip to "
                                            "/features"));
}

// Copies rows [begin, end) of a column to column `offset` of the matrix; returns the index of the
// first value that is not finite, or -1.
int64_t copy_rows(const Column& column, int64_t begin, int64_t end, float* target,
                  int64_t n_features) {
  const int64_t width = column.width();
  int64_t fault = -1;
  for (int64_t row = end - 1; row >= begin; --row) {
    const float* const values = column.values.data() + row * width;
    float* const row_target = target + (row - begin) * n_features;
    for (int64_t i = width - 1; i >= 0; --i) {
      if (!kernels::is_finite(values[i])) fault = row * width + i;
      row_target[i] = values[i];
    }
  }
  return fault;
}

}  // namespace

FeatureMatrix FeaturePlan::to_matrix(Table&& table) {
  FeatureMatrix matrix;
  matrix.n_rows = table.n_rows;
  for (const Column& column : table.columns) {
    if (column.kind == ColumnKind::kCategorical) {
      throw Error(ErrorKind::kData, "features: column \"" + column.name +
                                        "\" is categorical and a model needs numbers; add one_hot "
                                        "or ordinal to /features, or drop it");
    }
    for (int64_t i = 0; i < column.width(); ++i) matrix.names.push_back(column.element_name(i));
  }
  // The matrix grows while the columns shrink, so that both together stay near the size of one.
  const int64_t n_features = matrix.n_features();
  matrix.values.reserve(static_cast<size_t>(matrix.n_rows * n_features));
  for (int64_t begin = 0; begin < matrix.n_rows; begin += kBlockRows) {
    const int64_t end = std::min(begin + kBlockRows, matrix.n_rows);
    matrix.values.resize(static_cast<size_t>(end * n_features));
    int64_t offset = 0;
    for (Column& column : table.columns) {
      const int64_t width = column.width();
      const int64_t fault = copy_rows(
          column, begin, end, matrix.values.data() + begin * n_features + offset, n_features);
      if (fault >= 0) fail_at(column, fault % width, fault / width);
      const float* const values = column.values.data();
      release(values, values + begin * width, values + end * width);
      offset += width;
    }
  }
  table.columns.clear();
  table.n_rows = 0;
  return matrix;
}

}  // namespace reprotrain::engine
