// SPDX-License-Identifier: Apache-2.0
// Compares a correctly rounded function with the oracle on many arguments, quickly.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/oracle/mpfr_functions.h"

namespace reprotrain::oracle {

/// Which arguments are put to MPFR.
enum class Filter {
  /// Those where the C library's binary64 value, moved by 2^-40 of the sizes added, does not
  /// settle the result, and those where it settles it against us.
  kLibrary,
  /// All of them.
  kNone,
};

struct Tally {
  uint64_t n_arguments = 0;
  uint64_t n_mismatches = 0;
  uint64_t n_put_to_mpfr = 0;
};

/// Told about every argument that was put to MPFR.
using Listener = std::function<void(float x, uint32_t ours, const Verdict& truth)>;

/// Checks `function` on x[0..n): the scalar form against the truth, and the array form against the
/// scalar form (a difference counts as a mismatch too). n <= 4096.
Tally check_arguments(const Function& function, Filter filter, const float* x, int64_t n,
                      const Listener& listener);

/// Checks the arguments whose bits are begin, begin + stride, ... below `end`.
Tally check_bits(const Function& function, Filter filter, uint64_t begin, uint64_t end,
                 uint64_t stride, const Listener& listener);

}  // namespace reprotrain::oracle
