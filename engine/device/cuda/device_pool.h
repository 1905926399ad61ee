// SPDX-License-Identifier: Apache-2.0
// Memory of a CUDA device that is kept when it is released, and given out again.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace reprotrain::engine {

/// One stream uses what it gives out: memory that is released may be given out again at once, since
/// work on it is queued behind what used it before.
class DevicePool {
 public:
  /// Takes at most `most_bytes` from the current device, whose name messages carry; 0: all it has.
  DevicePool(std::string device_name, int64_t most_bytes);
  ~DevicePool();
  DevicePool(const DevicePool&) = delete;
  DevicePool& operator=(const DevicePool&) = delete;

  /// Memory for n_bytes >= 0 on a boundary of 256. Throws std::runtime_error with how much was asked for, is
  /// free and is in use, and what lowers it; and CudaError where CUDA fails otherwise.
  void* allocate(int64_t n_bytes);
  void release(void* memory) noexcept;

  /// What allocate() may still give out in all.
  int64_t free_bytes() const;
  /// Most bytes that were taken from the device at a time.
  int64_t peak_bytes() const { return peak_bytes_; }

 private:
  void* take_kept(int64_t n_bytes);
  void* take_new(int64_t n_bytes);
  void give_back_kept() noexcept;
  [[noreturn]] void refuse(int64_t n_bytes) const;
  int64_t held_bytes() const { return used_bytes_ + kept_bytes_; }

  std::string device_name_;
  int64_t most_bytes_;
  std::map<void*, int64_t> used_;       // sizes
  std::multimap<int64_t, void*> kept_;  // by size
  int64_t used_bytes_ = 0;
  int64_t kept_bytes_ = 0;
  int64_t peak_bytes_ = 0;
};

}  // namespace reprotrain::engine
