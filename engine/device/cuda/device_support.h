// SPDX-License-Identifier: Apache-2.0
// Whether CUDA and a device of it can be used at all, and if not, why: found out before the first kernel.
#pragma once

#include <string>
#include <string_view>

namespace reprotrain::engine {

/// Devices there are. 0 where there is no driver, with that in `reason`, or no device; -1, with a sentence,
/// where CUDA is there and does not work, say because its driver is older than the runtime of this program.
int count_cuda_devices(std::string& reason);

/// Runs a kernel on device `index`, for which the program holds code as `architectures` says
/// (cuda_architectures.h). Throws Error(kEnvironment), with what was found and what is needed, where none
/// can run there.
void require_working_kernels(int index, std::string_view architectures);

}  // namespace reprotrain::engine
