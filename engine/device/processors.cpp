// SPDX-License-Identifier: Apache-2.0
#include "engine/device/processors.h"

#include <sched.h>

#include <algorithm>

namespace reprotrain::engine {

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace reprotrain::engine
