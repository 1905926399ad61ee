// SPDX-License-Identifier: Apache-2.0
// One tile of integer sums in registers: the inner loop of sliced products, once per instruction
// set.
//
// Operands come packed in panels of 32-bit words: kPanelRows rows of A, or n_columns columns of B,
// beside one another; terms of K one after the other, in groups that share words. A tile multiplies
// kTileRows rows of a panel of A with a whole panel of B and gives sums that make up T of
// `digit_slices.h`.
// There are two layouts, since processors multiply integers in two ways:
//
//   pairs   words of two int16, products of pairs added in int32 (pmaddwd)
//     p = 2, one term:   A [d1, d0]   B [r, e1]        T = d1 r + d0 e1, for r = 256 e1 + e0
//     p = 3, two terms:  A [d2, d2'] [d1, d1'] [d0, d2] [d0', d2']   B [r1, r1'] [e2, e0] [e2', e0']
//                        T = 256 d2 r1 + (d1 r1 + d0 e2 + d2 e0), for r1 = 256 e2 + e1
//   quads   words of four int8, one digit of four terms: A [dn, dn', dn'', dn'''], B likewise
//
// Pairs take 2 (p = 2) or 4 (p = 3) products a term instead of 3 or 6, because a pair of digits is
// multiplied at once where it fits 16 bits; quads take all of them, four to a lane.
#pragma once

#include <cstdint>

// Asks for a loop of constant length to be unrolled, so that arrays become registers.
#if !defined(RPT_UNROLL)
#if defined(__clang__)
#define RPT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RPT_UNROLL _Pragma("GCC unroll 32")
#endif
#endif

namespace reprotrain::kernels {

/// Rows of A that are packed side by side, and those of them that one tile takes.
inline constexpr int kPanelRows = 8;
inline constexpr int kTileRows = 4;

enum class DigitLayout {
  kPairs,
  kQuads,
  /// B is stored as digit + 128, for instructions that multiply unsigned with signed bytes. Sums
  /// start at -128 times the sum of A's digits, modulo 2^32, and so end where they should.
  kOffsetQuads,
};

/// How many terms share words, how many words a group takes, and how many sums make up T: the sum
/// of weight 256^n is number n.
struct GroupShape {
  int n_terms;
  int a_words;
  int b_words;
  int n_sums;
};
constexpr GroupShape group_shape(DigitLayout layout, int n_digits) {
  if (layout != DigitLayout::kPairs) return {4, n_digits, n_digits, n_digits};
  return n_digits == 2 ? GroupShape{1, 1, 1, 1} : GroupShape{2, 4, 3, 2};
}
inline constexpr int kMaxSums = 3;

struct DigitTileTask {
  int64_t n_groups = 0;  ///< at most max_groups of the kernel
  /// Word w of row i in group g: a[(g * a_words + w) * kPanelRows + i], i < kTileRows.
  const int32_t* a = nullptr;
  /// Where sums of weight 256^n start, for row i: start[n * kPanelRows + i] (kOffsetQuads only).
  const int32_t* start = nullptr;
  /// Word w of column j in group g: b[(g * b_words + w) * n_columns + j].
  const int32_t* b = nullptr;
  /// Written, at a 64-byte boundary. Sum n of row i, column j: [(n * kTileRows + i) * n_columns + j].
  int32_t* sums = nullptr;
};

struct DigitTileKernel {
  DigitLayout layout;
  int n_columns;       ///< of a tile: a multiple of 8, at most kMaxPanelColumns
  int64_t max_groups;  ///< so many groups leave every int32 sum exact
  void (*run)(const DigitTileTask& task);
};
inline constexpr int kMaxPanelColumns = 32;

/// A kernel for products of 2 or 3 digits.
DigitTileKernel portable_digit_tile_kernel(int n_digits);
#if defined(__x86_64__)
DigitTileKernel avx2_digit_tile_kernel(int n_digits);
DigitTileKernel avxvnni_digit_tile_kernel(int n_digits);
DigitTileKernel avx512_digit_tile_kernel(int n_digits);
DigitTileKernel avx512vnni_digit_tile_kernel(int n_digits);
#elif defined(__aarch64__)
DigitTileKernel neondot_digit_tile_kernel(int n_digits);
#endif

/// Terms that one int32 sum of the pair layout holds: abs(d1 r + d0 e1) <= 127 * 32639 + 128 * 127
/// for p = 2; abs(d1 r1 + d0 e2 + d2 e0) <= 128 * 32639 + 2 * 127 * 128 for p = 3.
constexpr int64_t pair_terms(int n_digits) { return n_digits == 2 ? 512 : 504; }
static_assert(pair_terms(2) * (127 * 32639 + 128 * 127) <= INT32_MAX);
static_assert(pair_terms(3) * (128 * 32639 + 2 * 127 * 128) <= INT32_MAX);

/// Terms that one int32 sum of the quad layout holds: up to p products of two digits a term.
/// Chosen for the caches; the bound is 2^17 - 1 products.
inline constexpr int64_t kQuadTerms = 1024;
static_assert(3 * kQuadTerms <= (1 << 17) - 1);

}  // namespace reprotrain::kernels
