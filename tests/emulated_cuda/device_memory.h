// SPDX-License-Identifier: Apache-2.0
// Device memory: every allocation lies between two pages that nobody may touch.
//
// Its end or its beginning, as the schedule chooses, meets a guard page exactly, so that touching
// one byte beyond that side is a fault at once; the gap to the page on the other side holds a
// pattern that is checked after every launch. Fresh memory is poisoned. An allocation of n bytes
// is aligned to the largest power of two that divides n, at most 256. But for launches and copies
// all of it is closed, so that code of the host that touches it dies, as it would with a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "tests/emulated_cuda/schedule.h"

namespace reprotrain::emulated_cuda {

class DeviceMemory {
 public:
  /// Of the process.
  static DeviceMemory& instance();

  /// nullptr when there is no memory left, and for 0 bytes.
  void* allocate(size_t size_bytes, const Schedule& schedule);
  /// False where `pointer` is not the beginning of an allocation.
  bool release(void* pointer);
  /// Whether [pointer, pointer + n) touches device memory at all.
  bool touches(const void* pointer, size_t n_bytes) const;
  /// Whether it lies within one allocation.
  bool contains(const void* pointer, size_t n_bytes) const;
  /// Says where an address lies as seen from the nearest allocation; nothing where it is far from
  /// all of them.
  std::optional<std::string> describe(const void* address) const;
  /// A sentence on the first allocation whose surroundings were written to.
  std::optional<std::string> first_damage() const;

 private:
  friend class OpenDeviceMemory;
  struct Allocation {
    std::byte* mapping;
    size_t mapping_bytes;
    std::byte* data;
    size_t size_bytes;
    uint32_t poison;
    bool freed = false;
  };
  void set_access(int protection);
  static bool is_damaged(const Allocation& allocation);
  const Allocation* find(const void* address) const;
  void forget_oldest_freed();

  mutable std::mutex mutex_;
  std::map<const std::byte*, Allocation> by_mapping_;
  std::map<uint64_t, const std::byte*> freed_;
  uint64_t n_freed_ = 0;
};

/// Device memory can be touched until the end of the scope; one at a time.
class OpenDeviceMemory {
 public:
  OpenDeviceMemory();
  ~OpenDeviceMemory();
  OpenDeviceMemory(const OpenDeviceMemory&) = delete;
  OpenDeviceMemory& operator=(const OpenDeviceMemory&) = delete;
};

/// Fills with a pattern that is a NaN in binary32 and binary64 and no likely integer.
void poison(void* target, size_t n_bytes, uint32_t word);

}  // namespace reprotrain::emulated_cuda
