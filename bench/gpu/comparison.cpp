// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/comparison.h"

#include <algorithm>
#include <cmath>

#include "bench/gpu/device_state.h"
#include "bench/timing.h"
#include "kernels/base/cuda_error.h"

namespace reprotrain::bench {

namespace {

using kernels::check_cuda;

class Event {
 public:
  Event() { check_cuda(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(cudaStream_t stream) const {
    check_cuda(cudaEventRecord(event_, stream), "cudaEventRecord");
  }
  double milliseconds_since(const Event& start) const {
    check_cuda(cudaEventSynchronize(event_), "cudaEventSynchronize");
    float elapsed = 0.0f;
    check_cuda(cudaEventElapsedTime(&elapsed, start.event_, event_), "cudaEventElapsedTime");
    return static_cast<double>(elapsed);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Milliseconds a call, over n calls in a row.
double time_calls(const Work& work, int n_calls, cudaStream_t stream) {
  const Event start, end;
  start.record(stream);
  for (int i = 0; i < n_calls; ++i) work(stream);
  end.record(stream);
  return end.milliseconds_since(start) / n_calls;
}

/// Warms up; so many calls last 10 ms.
int calls_for_a_sample(const Work& work, cudaStream_t stream) {
  time_calls(work, 2, stream);
  const double milliseconds = time_calls(work, 3, stream);
  return std::clamp(static_cast<int>(std::ceil(10.0 / std::max(milliseconds, 1e-3))), 1, 2000);
}

}  // namespace

Result compare(const Row& row, int n_repetitions, cudaStream_t stream) {
  Result result;
  result.row = row;
  const int our_calls = calls_for_a_sample(row.ours.work, stream);
  const bool has_peer = static_cast<bool>(row.peer.work);
  const int peer_calls = has_peer ? calls_for_a_sample(row.peer.work, stream) : 0;
  std::vector<double> ratios;
  for (int i = 0; i < n_repetitions; ++i) {
    result.times.ours.push_back(time_calls(row.ours.work, our_calls, stream));
    if (!has_peer) continue;
    result.times.peer.push_back(time_calls(row.peer.work, peer_calls, stream));
    ratios.push_back((row.ours.amount / result.times.ours.back()) /
                     (row.peer.amount / result.times.peer.back()));
  }
  result.device_state = device_state();
  result.our_rate = row.ours.amount / median(result.times.ours) * 1e-6;
  if (!has_peer) return result;
  result.peer_rate = row.peer.amount / median(result.times.peer) * 1e-6;
  result.ratio = median(ratios);
  return result;
}

Result skipped(const Row& row, const std::string& why) {
  Result result;
  result.row = row;
  result.skipped = why;
  return result;
}

}  // namespace reprotrain::bench
