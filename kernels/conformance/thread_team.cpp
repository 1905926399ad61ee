// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/thread_team.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include "kernels/base/float_state.h"

namespace reprotrain::kernels {

void ThreadTeam::for_ranges(int64_t n, int64_t /*grain*/, const Range& body) const {
  if (n <= 0) return;
  const int64_t n_pieces = std::min<int64_t>(n, n_threads_);
  std::vector<std::exception_ptr> failures(static_cast<size_t>(n_pieces));
  const auto run_piece = [&](int64_t piece) {
    const StrictFloatScope strict;
    try {
      body(piece * n / n_pieces, (piece + 1) * n / n_pieces);
    } catch (...) {
      failures[static_cast<size_t>(piece)] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;  // joined also where one of them cannot be started
    for (int64_t piece = 1; piece < n_pieces; ++piece) threads.emplace_back(run_piece, piece);
    run_piece(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace reprotrain::kernels
