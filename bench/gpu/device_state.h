// SPDX-License-Identifier: Apache-2.0
// Clocks and temperature of the GPU: a rate without them says little.
#pragma once

#include <string>

namespace reprotrain::bench {

/// What device_state() tells, as nvidia-smi calls it.
inline constexpr const char* kDeviceStateFields =
    "clocks.sm,clocks.mem,clocks.max.sm,power.draw,temperature.gpu,clocks_throttle_reasons.active";

/// The fields for the current CUDA device, separated by commas; empty where nvidia-smi is missing.
std::string device_state();

}  // namespace reprotrain::bench
