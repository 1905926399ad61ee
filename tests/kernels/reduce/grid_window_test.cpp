// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/grid_window.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/base/float_bits.h"

namespace reprotrain::kernels {
namespace {

/// The largest and the smallest number of an exponent field.
template <typename Stored>
Stored of_field(int field, bool largest) {
  if constexpr (sizeof(Stored) == 4) {
    return float_from_bits(static_cast<uint32_t>(field) << 23 | (largest ? 0x7fffffu : 0u));
  } else {
    return double_from_bits(static_cast<uint64_t>(field) << 52 |
                            (largest ? 0xfffffffffffffull : 0u));
  }
}

template <typename Sum>
void add_term(SquareTerm /*kind*/, float x, Sum& sum) {
  sum.add_product(x, x);
}
template <class Term, typename Sum>
void add_term(Term /*kind*/, typename Term::Stored x, Sum& sum) {
  sum.add(x);
}

/// A window around both terms holds n_low of the one and the rest of the other exactly.
template <class Term>
void expect_exact(typename Term::Stored low, typename Term::Stored high, int n_low) {
  FieldRange<typename Term::Stored> range;
  range.note(low);
  range.note(high);
  ASSERT_TRUE(GridWindow<Term>::can_hold(range));
  GridWindow<Term> window;
  EXPECT_FALSE(window.holds(range, 1));
  window.move_to(range);
  typename Term::Sum expected, sum;
  for (int i = 0; i < GridWindow<Term>::kMostTerms; ++i) {
    EXPECT_TRUE(window.holds(range, 1));
    const auto x = i < n_low ? low : high;
    window.add(x);
    add_term(Term{}, x, expected);
  }
  EXPECT_FALSE(window.holds(range, 1));
  for (int k = 0; k < Term::kGrids; ++k) sum.add_scaled(window.units(k), window.exponent(k));
  EXPECT_EQ(bits_of(sum.to_double()), bits_of(expected.to_double()));
}

template <class Term>
class GridWindowOf : public ::testing::Test {};
using Terms = ::testing::Types<ValueTerm, SquareTerm, DoubleTerm>;
TYPED_TEST_SUITE(GridWindowOf, Terms);

TYPED_TEST(GridWindowOf, IsFullOfTheLargestTermsWithoutOverflow) {
  using Stored = typename TypeParam::Stored;
  const int highest_low = TypeParam::kHighestLow;
  for (const int low : {0, 1, 2, 100, 130, highest_low - 1, highest_low}) {
    for (const int spread : {0, 1, TypeParam::kSpread - 1, TypeParam::kSpread}) {
      const int high = low == 0 ? 1 + spread : low + spread;
      for (const int n_low : {0, 1, 1000}) {
        const Stored smallest = low == 0 ? of_field<Stored>(0, true) : of_field<Stored>(low, true);
        expect_exact<TypeParam>(smallest, of_field<Stored>(high, true), n_low);
        expect_exact<TypeParam>(-smallest, -of_field<Stored>(high, true), n_low);
        expect_exact<TypeParam>(of_field<Stored>(low == 0 ? 1 : low, false),
                                -of_field<Stored>(high, true), n_low);
      }
    }
  }
}

TYPED_TEST(GridWindowOf, HoldsNoSpecialsAndNoWiderRanges) {
  using Stored = typename TypeParam::Stored;
  FieldRange<Stored> zeros, wide, special;
  zeros.note(Stored{0});
  zeros.note(-Stored{0});
  EXPECT_TRUE(zeros.empty());
  wide.note(of_field<Stored>(10, true));
  wide.note(of_field<Stored>(11 + TypeParam::kSpread, false));
  EXPECT_FALSE(GridWindow<TypeParam>::can_hold(wide));
  special.note(of_field<Stored>(sizeof(Stored) == 4 ? 255 : 2047, false));
  EXPECT_FALSE(GridWindow<TypeParam>::can_hold(special));
}

}  // namespace
}  // namespace reprotrain::kernels
