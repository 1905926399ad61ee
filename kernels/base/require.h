// SPDX-License-Identifier: Apache-2.0
// What operators refuse: a call whose operands do not fit together is an error everywhere, in every
// build, and never an undefined result.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/base/matrix_view.h"

namespace reprotrain::kernels {

/// Throws std::invalid_argument(sentence) unless `holds`.
inline void require(bool holds, const char* sentence) {
  if (!holds) [[unlikely]] {
    throw std::invalid_argument(sentence);
  }
}

/// A view that can be read or written: no negative count, rows that do not overlap, elements that
/// are all addressable, and memory wherever there are elements, aligned for them.
template <typename T>
void require_view(const BasicMatrixView<T>& view, const char* name) {
  const auto refuse = [name](const char* why) {
    throw std::invalid_argument(std::string("matrix ") + name + " " + why);
  };
  if (view.n_rows < 0 || view.n_columns < 0) refuse("has a negative number of rows or columns");
  if (view.n_rows == 0 || view.n_columns == 0) return;
  if (view.data == nullptr) refuse("has elements but no memory");
  if (reinterpret_cast<uintptr_t>(view.data) % alignof(T) != 0) {
    refuse("lies at an address that is not aligned for its elements");
  }
  if (view.n_rows > 1 && view.row_stride < view.n_columns) refuse("has rows that overlap");
  constexpr int64_t kMostElements = int64_t{1} << 60;
  const bool fits = view.n_columns <= kMostElements &&
                    (view.n_rows == 1 || view.row_stride <= kMostElements / view.n_rows);
  if (!fits) refuse("has more elements than memory has addresses");
}

}  // namespace reprotrain::kernels
