// SPDX-License-Identifier: Apache-2.0
// Which device a run computes on, from what its user asks for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/device/compute_device.h"
#include "engine/device/cuda_module.h"

namespace reprotrain::engine {

/// What "auto", "cpu", "cuda" and "cuda:N" ask for.
struct DeviceChoice {
  bool cpu = false;               ///< the CPU will do
  bool cuda = false;              ///< a CUDA device will do
  std::optional<int> cuda_index;  ///< this one; any where there is none
};

/// Throws Error(kUsage) for any other text.
DeviceChoice device_choice(const std::string& text);

/// Devices of the CUDA module.
struct CudaDevices {
  const CudaModuleTable* module = nullptr;
  int first = 0;
  int last = -1;           ///< of the devices wanted; before `first` where there is none
  std::string reason;      ///< then a sentence without its full stop
  bool is_broken = false;  ///< and what is there ought to work

  bool has_any() const { return last >= first; }
};

/// Device `wanted`, or all there are.
CudaDevices find_cuda_devices(std::optional<int> wanted);

/// Takes a sentence for people.
using Note = std::function<void(std::string_view)>;

/// The device that `text` asks for: for "auto" the first CUDA device if there is one that works, else
/// the CPU; `note`, where there is one, then hears of every part of CUDA that ought to work and does not. `most_bytes` bounds what it takes of a CUDA device's own memory, 0: no bound. `threads` must outlive
/// it.
///
/// With `library` the device must have libraries of its own, so that "auto" asks for a CUDA device.
///
/// Throws Error(kUsage) as device_choice does, Error(kEnvironment) with the reason and a remedy where a
/// CUDA device is asked for that cannot be had, and what require_no_contradiction() throws.
std::unique_ptr<ComputeDevice> open_device(const std::string& text, int64_t most_bytes,
                                           const kernels::Parallel& threads,
                                           const std::optional<LibraryRequest>& library = {},
                                           const Note& note = {});

}  // namespace reprotrain::engine
