// SPDX-License-Identifier: Apache-2.0
// The floating-point state that every value needs: round to nearest even, subnormals kept.
#pragma once

namespace reprotrain::kernels {

/// Sets rounding to nearest even and gradual underflow (no flush-to-zero, no denormals-are-zero) on
/// the calling thread, and restores the previous state at the end of the scope.
///
/// The state is per thread and other libraries change it, so every worker task opens a scope.
class StrictFloatScope {
 public:
  StrictFloatScope() noexcept;
  ~StrictFloatScope();
  StrictFloatScope(const StrictFloatScope&) = delete;
  StrictFloatScope& operator=(const StrictFloatScope&) = delete;

 private:
  unsigned long long saved_;
};

/// One-line canary against contracted, flushed, reciprocal or extended arithmetic in this build.
/// Returns nullptr when arithmetic is honest, else a static sentence that says what was seen.
const char* arithmetic_canary() noexcept;

}  // namespace reprotrain::kernels
