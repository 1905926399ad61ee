// SPDX-License-Identifier: Apache-2.0
// How many processors this process may use.
#pragma once

namespace reprotrain::engine {

/// At least 1; a mask set from outside (taskset, a container's cpuset) counts, a quota of time does not.
int available_processors();

}  // namespace reprotrain::engine
