// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/float_state.h"

#include <cfenv>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace reprotrain::kernels {

#if defined(__x86_64__)

namespace {
constexpr unsigned kFlushToZero = 0x8000u;
constexpr unsigned kDenormalsAreZero = 0x0040u;
constexpr unsigned kRoundingMask = 0x6000u;
}  // namespace

StrictFloatScope::StrictFloatScope() noexcept : saved_(_mm_getcsr()) {
  _mm_setcsr(static_cast<unsigned>(saved_) & ~(kFlushToZero | kDenormalsAreZero | kRoundingMask));
}
StrictFloatScope::~StrictFloatScope() { _mm_setcsr(static_cast<unsigned>(saved_)); }

#elif defined(__aarch64__)

namespace {
constexpr unsigned long long kFlushToZero = 1ull << 24;
constexpr unsigned long long kRoundingMask = 3ull << 22;

unsigned long long read_fpcr() {
  unsigned long long value;
  asm volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
void write_fpcr(unsigned long long value) { asm volatile("msr fpcr, %0" : : "r"(value)); }
}  // namespace

StrictFloatScope::StrictFloatScope() noexcept : saved_(read_fpcr()) {
  write_fpcr(saved_ & ~(kFlushToZero | kRoundingMask));
}
StrictFloatScope::~StrictFloatScope() { write_fpcr(saved_); }

#else
#error "reprotrain supports x86-64 and aarch64"
#endif

const char* arithmetic_canary() noexcept {
  const StrictFloatScope strict;
  // Opaque to the optimiser, so that the operations really happen at run time.
  volatile float a = 0x1.001p0f;              // 1 + 2^-12
  volatile float minus_square = -0x1.002p0f;  // -(1 + 2^-11), the rounded square of a
  const float x = a;
  const float product = x * x;
  if (product + minus_square != 0.0f) return "a product and a sum were contracted or widened";

  volatile float smallest_normal = 0x1p-126f;
  const float half = smallest_normal * 0.5f;
  if (half == 0.0f) return "subnormal results are flushed to zero";

  volatile float three = 3.0f;
  volatile float seven = 7.0f;
  const float quotient = three / seven;
  if (quotient != 0x1.b6db6ep-2f) return "division is not correctly rounded";
  return nullptr;
}

}  // namespace reprotrain::kernels
