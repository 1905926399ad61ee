// SPDX-License-Identifier: Apache-2.0
// The GPUs that the NVIDIA driver offers to this process. Needs nothing of CUDA but the driver, which a
// child process asks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reprotrain::engine {

struct NvidiaDevice {
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  int major = 0;     ///< compute capability
  int minor = 0;
  int n_multiprocessors = 0;
  int64_t memory_bytes = 0;
  bool has_ecc = false;     ///< switched on
  std::string mig_profile;  ///< of a slice of a GPU: "1g.10gb"; empty for a whole one
};

struct NvidiaDevices {
  std::vector<NvidiaDevice> devices;
  std::string reason;  ///< why there is none, as a sentence without its full stop
};

/// `driver_file`: what find_vendor_library() found. CUDA_VISIBLE_DEVICES counts. Throws
/// Error(kEnvironment) where no process can be made.
NvidiaDevices list_nvidia_devices(const std::string& driver_file, int patience_ms);

}  // namespace reprotrain::engine
