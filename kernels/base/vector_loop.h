// SPDX-License-Identifier: Apache-2.0
// Runs a scalar formula over a range of elements with the widest vectors of this processor.
//
// `Element` is a small struct of pointers and constants whose `RPT_HD void operator()(int64_t i)
// const` computes element i. The loop around it is compiled once per instruction set; the compiler
// vectorises it, because elements are independent: element i may read and write index i only (in
// place is fine). row_loop is the same for formulas that are loops themselves (a row each).
// Determinism: one formula, no contraction, so every width gives the same bits. Only in fused_vector_loop
//   may a formula fuse, which then must not show in what is made of its values.
#pragma once

#include <cstdint>

#include "kernels/base/cpu_path.h"
#include "kernels/base/hd.h"
#include "kernels/base/parallel.h"

// Promises the compiler that iterations are independent.
#if defined(__clang__)
#define RPT_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define RPT_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace reprotrain::kernels {

namespace vector_loop_detail {

template <bool kElementsAreRows, class Element>
RPT_HD void loop(const Element& element, int64_t begin, int64_t end) {
  if constexpr (kElementsAreRows) {
    for (int64_t row = begin; row < end; ++row) element(row);
  } else {
    RPT_INDEPENDENT for (int64_t i = begin; i < end; ++i) element(i);
  }
}

#if defined(__x86_64__)
template <bool kElementsAreRows, class Element>
__attribute__((target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq"))) void avx512_loop(
    const Element element, int64_t begin, int64_t end) {
  loop<kElementsAreRows>(element, begin, end);
}
template <bool kElementsAreRows, class Element>
__attribute__((target("avx2,fma"))) void avx2_loop(const Element element, int64_t begin,
                                                   int64_t end) {
  loop<kElementsAreRows>(element, begin, end);
}
#endif

template <bool kElementsAreRows, class Element>
void dispatched_loop(const Element& element, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  const CpuPath path = cpu_path();
  if (uses_avx512(path)) return avx512_loop<kElementsAreRows>(element, begin, end);
  if (uses_avx2(path)) return avx2_loop<kElementsAreRows>(element, begin, end);
#endif
  loop<kElementsAreRows>(element, begin, end);
}

}  // namespace vector_loop_detail

/// element(begin) ... element(end - 1), on this thread.
template <class Element>
void vector_loop(const Element& element, int64_t begin, int64_t end) {
  vector_loop_detail::dispatched_loop<false>(element, begin, end);
}

/// The same, but only where the vectors in use have an fma instruction, so that `element` may ask for it
/// by a builtin; otherwise does nothing and returns false.
template <class Element>
bool fused_vector_loop(const Element& element, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  const CpuPath path = cpu_path();
  if (!uses_avx2(path)) return false;
  if (uses_avx512(path)) {
    vector_loop_detail::avx512_loop<false>(element, begin, end);
  } else {
    vector_loop_detail::avx2_loop<false>(element, begin, end);
  }
  return true;
#else
  (void)element, (void)begin, (void)end;
  return false;
#endif
}

/// row(begin) ... row(end - 1), on this thread: vectors lie within a row.
template <class Row>
void row_loop(const Row& row, int64_t begin, int64_t end) {
  vector_loop_detail::dispatched_loop<true>(row, begin, end);
}

/// Fewest elements of a cheap formula whose hand-over to a thread (about 1 us) pays.
inline constexpr int64_t kElementGrain = 8192;

/// element(0) ... element(n - 1), on any threads in any order.
template <class Element>
void parallel_vector_loop(const Element& element, int64_t n, const Parallel& parallel,
                          int64_t grain = kElementGrain) {
  parallel.for_ranges(n, grain,
                      [&](int64_t begin, int64_t end) { vector_loop(element, begin, end); });
}

/// row(0) ... row(n_rows - 1), on any threads in any order.
template <class Row>
void parallel_row_loop(const Row& row, int64_t n_rows, const Parallel& parallel, int64_t grain) {
  parallel.for_ranges(n_rows, grain,
                      [&](int64_t begin, int64_t end) { row_loop(row, begin, end); });
}

}  // namespace reprotrain::kernels
