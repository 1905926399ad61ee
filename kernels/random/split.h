// SPDX-License-Identifier: Apache-2.0
// Which rows train, which validate, which test, drawn by the shuffle of the run's seed.
//
//   share(n, f) = floor(n * f + 1/2)                                  of the exact product
//   of a total, class c of size s_c of n gets floor(total * s_c / n); what is missing goes one by
//   one to the largest remainders, the smaller class first where they are equal
//   in shuffled order the first rows of each class test, the next validate, the others train
//
// Why: once per run. Test rows do not depend on the number of validation rows.
// Requires: 0 <= share, both shares together at most n; class numbers of 0 and more.
// Determinism: integers only; a function of (sizes, classes, seed).
// See also: shuffle.h, docs/arithmetic.md "Shuffles and splits".
#pragma once

#include <cstdint>
#include <span>

namespace reprotrain::kernels {

/// What a row was drawn for.
enum class RowPart : uint8_t { kTrain, kValidation, kTest };

/// Rows of the parts; the others train.
struct PartSizes {
  int64_t n_test = 0;
  int64_t n_validation = 0;
};

/// floor(n * fraction + 1/2). Requires 0 <= fraction < 1 and 0 <= n.
int64_t rounded_share(int64_t n, double fraction);

/// The part of every row. `class_of_row` has the class of each row to stratify by, or is empty: all
/// rows are of one class.
void draw_parts(const PartSizes& sizes, std::span<const int32_t> class_of_row, uint64_t seed,
                std::span<RowPart> part_of_row);

}  // namespace reprotrain::kernels
