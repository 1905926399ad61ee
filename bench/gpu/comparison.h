// SPDX-License-Identifier: Apache-2.0
// One line of the benchmark: ours and a peer, timed in turn on one stream.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <string>
#include <vector>

namespace reprotrain::bench {

/// Queues the work on the stream; called many times.
using Work = std::function<void(cudaStream_t)>;

/// Somebody's way to do a row's work. Rates are amount / time, so that both sides may differ in
/// what they have to move.
struct Side {
  std::string name;
  double amount = 0.0;
  Work work;  ///< none for a peer that is not on this machine
};

struct Row {
  std::string group;
  std::string name;
  std::string unit;  ///< of amount per nanosecond: "GFLOP/s", "GB/s"
  Side ours;
  Side peer;
  double target_ratio = 0.0;  ///< that the project aims at; 0: none
};

/// Times in milliseconds a call, one for each repetition.
struct Times {
  std::vector<double> ours;
  std::vector<double> peer;
};

struct Result {
  Row row;
  Times times;
  double our_rate = 0.0;  ///< of the medians
  double peer_rate = 0.0;
  double ratio = 0.0;        ///< median over repetitions of our rate / the peer's
  std::string skipped;       ///< why nothing was measured, or empty
  std::string device_state;  ///< right after the last repetition, see device_state.h

  bool has_peer() const { return !times.peer.empty(); }
};

/// Warms both sides up, then times them in turn `n_repetitions` times, each for 10 ms at least.
Result compare(const Row& row, int n_repetitions, cudaStream_t stream);

/// A result that says why there is none.
Result skipped(const Row& row, const std::string& why);

}  // namespace reprotrain::bench
