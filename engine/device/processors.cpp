// SPDX-License-Identifier: Apache-2.0
#include "engine/device/processors.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

namespace reprotrain::engine {

int available_processors() {
  // The kernel refuses a mask shorter than its own; a cpu_set_t has 1,024 bits.
  constexpr size_t kMostSets = 1024;
  for (size_t n_sets = 1; n_sets <= kMostSets; n_sets *= 2) {
    std::vector<cpu_set_t> mask(n_sets);
    const size_t size_bytes = n_sets * sizeof(cpu_set_t);
    if (sched_getaffinity(0, size_bytes, mask.data()) == 0) {
      return std::max(1, CPU_COUNT_S(size_bytes, mask.data()));
    }
    if (errno != EINVAL) break;
  }
  return 1;
}

void Detour::begin(pthread_t sleeper) {
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE) return;
  if (pthread_getaffinity_np(sleeper, sizeof allowed_, &allowed_) != 0) return;
  cpu_set_t others = allowed_;
  CPU_CLR(here, &others);
  is_under_way_ =
      CPU_COUNT(&others) > 0 && pthread_setaffinity_np(sleeper, sizeof others, &others) == 0;
}

void Detour::end() {
  if (!is_under_way_) return;
  is_under_way_ = false;
  sched_setaffinity(0, sizeof allowed_, &allowed_);
}

}  // namespace reprotrain::engine
