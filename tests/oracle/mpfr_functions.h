// SPDX-License-Identifier: Apache-2.0
// Elementary functions rounded once to binary32 by MPFR: the oracle of the correctly rounded
// functions.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace reprotrain::oracle {

/// What MPFR says about f(x).
struct Verdict {
  /// f(x) rounded once to nearest even; NaNs are 0x7fc00000.
  uint32_t bits;
  /// -log2 of the distance from f(x) to the nearest rounding boundary, in units in the last place:
  /// 1 is as far as can be, 30 is a hard case. 0 where the result is a rule or exact.
  double hardness;
};

/// One function under test: ours in its forms, and its twins.
struct Function {
  std::string name;
  /// The function as everybody calls it.
  float (*rounded)(float);
  /// The same over an array.
  void (*array)(const float* x, float* y, int64_t n);
  /// The same with a first estimate in binary32 pairs and the fma of any machine.
  float (*by_pairs)(float);
  /// Its accurate path and rules alone, estimate left out.
  float (*decided)(float);
  /// f(x) by the C library in binary64, relative error below 2^-42 of `sizes_added`, which is what
  /// it writes there. A filter only: never trusted next to a rounding boundary.
  double (*approximate)(double x, double& sizes_added);
  Verdict (*oracle)(float);
  /// Relative error of our accurate value of f(x), which must be finite and not zero.
  double (*accurate_error)(float x);
};

/// How gtest names a function.
inline void PrintTo(const Function& function, std::ostream* out) { *out << function.name; }

/// Every function of kernels/elementwise/elementary.h.
const std::vector<Function>& functions();

/// The function called `name`; aborts where there is none.
const Function& function_named(const std::string& name);

/// Name and version of the library behind the verdicts.
std::string version();

}  // namespace reprotrain::oracle
