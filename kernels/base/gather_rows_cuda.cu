// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/gather_rows_cuda.h"

#include "kernels/base/cuda_grid.h"
#include "kernels/base/cuda_launch.h"

namespace reprotrain::kernels {
namespace {

constexpr unsigned kThreads = 256;

template <typename Word>
__global__ void __launch_bounds__(kThreads)
    gather_words(const Word* from, int64_t row_words, const int64_t* rows, int64_t n_words,
                 Word* to) {
  for (int64_t word = thread_of_grid(); word < n_words; word += threads_of_grid()) {
    const int64_t row = word / row_words;
    to[word] = from[rows[row] * row_words + (word - row * row_words)];
  }
}

template <typename Word>
void gather(const void* from, int64_t row_bytes, const int64_t* rows, int64_t n_rows, void* to,
            cudaStream_t stream) {
  const int64_t row_words = row_bytes / static_cast<int64_t>(sizeof(Word));
  const int64_t n_words = n_rows * row_words;
  if (n_words == 0) return;
  launch(gather_words<Word>, {blocks_for(n_words, kThreads), kThreads}, stream, from, row_words,
         rows, n_words, to);
}

bool has_aligned_quads(const void* from, int64_t row_bytes, const void* to) {
  return (reinterpret_cast<uintptr_t>(from) | reinterpret_cast<uintptr_t>(to) |
          static_cast<uintptr_t>(row_bytes)) %
             16 ==
         0;
}

}  // namespace

void gather_rows_cuda(const void* from, int64_t row_bytes, const int64_t* rows, int64_t n_rows,
                      void* to, cudaStream_t stream) {
  if (has_aligned_quads(from, row_bytes, to)) {
    gather<uint4>(from, row_bytes, rows, n_rows, to, stream);
  } else {
    gather<uint32_t>(from, row_bytes, rows, n_rows, to, stream);
  }
}

}  // namespace reprotrain::kernels
