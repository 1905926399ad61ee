// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce/exact_sum_cuda.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/quad_map_cuda.h"
#include "kernels/reduce/thread_limbs_cuda.h"

namespace reprotrain::kernels {
namespace {

constexpr int kQuadsOfThread = 4;  // loads under way at a time
constexpr unsigned kCellThreads = 128;

template <class Term>
constexpr int kThreadsOf = LimbRange<Term>::kLimbs > 32 ? 64 : 256;  // limbs in 48 KiB

/// Four terms from `quad` on, zeros after the end.
inline __device__ void load_terms(const float* terms, int64_t quad, int64_t n, float (&four)[4]) {
  load_quad(terms, quad, elements_of_quad(quad, n), four);
}
inline __device__ void load_terms(const double* terms, int64_t quad, int64_t n, double (&four)[4]) {
  const int n_elements = elements_of_quad(quad, n);
  if (n_elements == 4 && is_aligned_16(terms)) {
    const double2 first = reinterpret_cast<const double2*>(terms)[2 * quad];
    const double2 second = reinterpret_cast<const double2*>(terms)[2 * quad + 1];
    four[0] = first.x;
    four[1] = first.y;
    four[2] = second.x;
    four[3] = second.y;
    return;
  }
  for (int i = 0; i < 4; ++i) four[i] = i < n_elements ? terms[4 * quad + i] : 0.0;
}

template <class Term, bool kWindow>
__global__ void __launch_bounds__(kThreadsOf<Term>)
    add_array(const typename Term::Stored* terms, int64_t n,
              SumAccumulator<typename Term::Sum>* sum) {
  constexpr int kThreads = kThreadsOf<Term>;
  using Sum = ThreadSum<Term, kThreads, kWindow>;
  __shared__ int64_t limbs[Sum::Limbs::kSharedLimbs];
  Sum own(limbs);
  const int64_t n_quads = ceil_div(n, 4);
  const int64_t step = threads_of_grid();
  for (int64_t quad = thread_of_grid(); quad < n_quads; quad += kQuadsOfThread * step) {
    typename Term::Stored batch[4 * kQuadsOfThread] = {};
    for (int q = 0; q < kQuadsOfThread; ++q) {
      const int64_t at = quad + q * step;
      typename Term::Stored four[4] = {};
      if (at < n_quads) load_terms(terms, at, n, four);
      for (int i = 0; i < 4; ++i) batch[4 * q + i] = four[i];
    }
    FieldRange<typename Term::Stored> range;
    if constexpr (kWindow) {
      for (int i = 0; i < 4 * kQuadsOfThread; ++i) range.note(batch[i]);
    }
    own.add(batch, range);
  }
  own.pour(1, [sum](int /*column*/) { return sum; });
}

template <class Term>
void add(const typename Term::Stored* terms, int64_t n, SumAccumulator<typename Term::Sum>* sum,
         cudaStream_t stream, SumMethod method) {
  if (n == 0) return;
  constexpr unsigned kThreads = kThreadsOf<Term>;
  const int64_t n_batches = ceil_div(n, 4 * kQuadsOfThread);
  const LaunchShape shape{blocks_for(n_batches, kThreads), kThreads};
  if (takes_windows(method)) {
    launch(add_array<Term, true>, shape, stream, terms, n, sum);
  } else {
    launch(add_array<Term, false>, shape, stream, terms, n, sum);
  }
}

template <class Sum>
void clear(SumAccumulator<Sum>* sums, int64_t n, cudaStream_t stream) {
  check_cuda(cudaMemsetAsync(sums, 0, static_cast<size_t>(n) * sizeof(*sums), stream),
             "cudaMemsetAsync");
}

struct ToFloat {
  using Result = float;
  template <class Sum>
  __device__ float operator()(const Sum& sum) const {
    return sum.to_float();
  }
};
struct ToDouble {
  using Result = double;
  template <class Sum>
  __device__ double operator()(const Sum& sum) const {
    return sum.to_double();
  }
};
struct ToNorm {
  using Result = double;
  template <class Sum>
  __device__ double operator()(const Sum& sum) const {
    return norm_of(sum);
  }
};

template <class Rounding, class Sum>
__global__ void __launch_bounds__(kCellThreads)
    round_cells(const SumAccumulator<Sum>* sums, int64_t n, typename Rounding::Result* results) {
  for (int64_t i = thread_of_grid(); i < n; i += threads_of_grid()) {
    results[i] = Rounding()(sums[i].sum());
  }
}

template <class Rounding, class Sum>
void round_sums(const SumAccumulator<Sum>* sums, int64_t n, typename Rounding::Result* results,
                cudaStream_t stream) {
  if (n == 0) return;
  launch(round_cells<Rounding, Sum>, {blocks_for(n, kCellThreads), kCellThreads}, stream, sums, n,
         results);
}

__global__ void __launch_bounds__(kCellThreads)
    merge_cells(const ExactSumAccumulator* others, ExactSumAccumulator* sums, int64_t n) {
  for (int64_t i = thread_of_grid(); i < n; i += threads_of_grid()) {
    ExactSum sum = sums[i].sum();
    sum.merge(others[i].sum());
    sum.store(sums[i].limb, sums[i].specials);
  }
}

}  // namespace

void clear_sums_cuda(ExactSumAccumulator* sums, int64_t n, cudaStream_t stream) {
  clear(sums, n, stream);
}
void clear_sums_cuda(ExactSum64Accumulator* sums, int64_t n, cudaStream_t stream) {
  clear(sums, n, stream);
}

void add_terms_cuda(const float* terms, int64_t n, ExactSumAccumulator* sum, cudaStream_t stream,
                    SumMethod method) {
  add<ValueTerm>(terms, n, sum, stream, method);
}
void add_terms_cuda(const double* terms, int64_t n, ExactSum64Accumulator* sum, cudaStream_t stream,
                    SumMethod method) {
  add<DoubleTerm>(terms, n, sum, stream, method);
}
void add_squares_cuda(const float* terms, int64_t n, ExactSumAccumulator* sum, cudaStream_t stream,
                      SumMethod method) {
  add<SquareTerm>(terms, n, sum, stream, method);
}

void merge_sums_cuda(const ExactSumAccumulator* others, ExactSumAccumulator* sums, int64_t n,
                     cudaStream_t stream) {
  if (n == 0) return;
  launch(merge_cells, {blocks_for(n, kCellThreads), kCellThreads}, stream, others, sums, n);
}

void round_sums_cuda(const ExactSumAccumulator* sums, int64_t n, float* results,
                     cudaStream_t stream) {
  round_sums<ToFloat>(sums, n, results, stream);
}
void round_sums_cuda(const ExactSumAccumulator* sums, int64_t n, double* results,
                     cudaStream_t stream) {
  round_sums<ToDouble>(sums, n, results, stream);
}
void round_sums_cuda(const ExactSum64Accumulator* sums, int64_t n, double* results,
                     cudaStream_t stream) {
  round_sums<ToDouble>(sums, n, results, stream);
}
void round_norms_cuda(const ExactSumAccumulator* sums, int64_t n, double* results,
                      cudaStream_t stream) {
  round_sums<ToNorm>(sums, n, results, stream);
}

}  // namespace reprotrain::kernels
