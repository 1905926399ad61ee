// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cpu_threads.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <sched.h>

#include <algorithm>

#include "kernels/base/float_state.h"

namespace reprotrain::engine {

namespace {

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace

struct CpuThreads::Arena {
  explicit Arena(int n_threads)
      // TBB starts no more threads than it sees processors unless told so; a run with more threads
      // than processors must still be a real one, because tests vary the count.
      : limit(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(n_threads)),
        arena(n_threads) {}
  tbb::global_control limit;
  tbb::task_arena arena;
};

CpuThreads::CpuThreads(int n_threads)
    : n_threads_(n_threads > 0 ? n_threads : available_processors()) {
  if (n_threads_ > 1) arena_ = std::make_unique<Arena>(n_threads_);
}

CpuThreads::~CpuThreads() = default;

// TBB halves ranges of indices below their grain. Here it halves ranges of pieces, none of which is
// shorter than the grain, and neighbouring pieces that it leaves together go to `body` at once.
void CpuThreads::for_ranges(int64_t n, int64_t grain, const Range& body) const {
  if (n <= 0) return;
  const int64_t n_pieces = std::max<int64_t>(1, n / std::max<int64_t>(1, grain));
  if (!arena_ || n_pieces == 1) {
    const kernels::StrictFloatScope strict;
    body(0, n);
    return;
  }
  const auto start_of = [length = n / n_pieces, n_longer = n % n_pieces](int64_t piece) {
    return piece * length + std::min(piece, n_longer);
  };
  arena_->arena.execute([&] {
    tbb::parallel_for(tbb::blocked_range<int64_t>(0, n_pieces),
                      [&](const tbb::blocked_range<int64_t>& pieces) {
                        const kernels::StrictFloatScope strict;
                        body(start_of(pieces.begin()), start_of(pieces.end()));
                      });
  });
}

}  // namespace reprotrain::engine
