// SPDX-License-Identifier: Apache-2.0
// An array of the host where a device can read it.
#pragma once

#include <cstdint>
#include <span>

#include "engine/device/device_arena.h"

namespace reprotrain::engine {

/// The array itself where the device computes in memory of the host, else a copy: the host's array must
/// outlive it and stay as it is.
template <typename T>
class ResidentArray {
 public:
  ResidentArray() = default;
  ResidentArray(ComputeDevice& device, std::span<const T> host) { assign(device, host); }

  /// Holds another array; memory is used again.
  void assign(ComputeDevice& device, std::span<const T> host) {
    values_ = host;
    if (device.is_host() || host.empty()) return;
    copy_.reserve(device, static_cast<int64_t>(host.size()));
    device.upload(host.data(), copy_.data(), static_cast<int64_t>(host.size_bytes()));
    values_ = copy_.span().first(host.size());
  }

  const T* data() const { return values_.data(); }
  std::span<const T> span() const { return values_; }

 private:
  std::span<const T> values_;
  DeviceArena<T> copy_;
};

}  // namespace reprotrain::engine
