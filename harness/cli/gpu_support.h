// SPDX-License-Identifier: Apache-2.0
// Everything between this program and a GPU: module, driver, devices, libraries; what is missing, and
// what that costs.
#pragma once

#include <string>
#include <vector>

#include "engine/device/nvidia_driver.h"
#include "engine/device/vendor_libraries.h"
#include "harness/config/json_value.h"

namespace reprotrain::harness {

struct GpuSupport {
  std::string module_file;    ///< "" where there is none
  std::string module_reason;  ///< why it cannot be used; "" where it can
  int cuda_version = 0;       ///< of the module: 13000 for 13.0; 0 where it cannot be used
  std::string
      architectures;  ///< that it holds code for (cuda_architectures.h); "" where it cannot be used
  bool is_emulated =
      false;  ///< its device needs neither driver nor libraries: nothing else is looked at
  engine::VendorLibraryReport driver;
  engine::NvidiaDevices devices;
  std::vector<engine::VendorLibraryReport> libraries;
};

/// Looks at this machine. Loads libraries in child processes, the module in this one.
GpuSupport look_for_gpu_support();

/// {"cuda_module": {...}, "driver": {...}, "devices": [...], "libraries": [...]}.
Json gpu_support_json(const GpuSupport& support);

/// One thing that is not here.
struct Missing {
  std::string what;
  std::string reason;  ///< without its full stop
  std::string cost;    ///< one plain sentence without its full stop
};

/// In the order in which one would mend them.
std::vector<Missing> missing_parts(const GpuSupport& support);

}  // namespace reprotrain::harness
