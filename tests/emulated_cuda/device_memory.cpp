// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace reprotrain::emulated_cuda {
namespace {

constexpr size_t kLargestAlignment = 256;
constexpr uint64_t kFreedKept = 128;  // so that a use after the release is named as such

size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::string bytes_text(int64_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

/// The poison at an address is a function of it, so that the gaps on both sides can be checked.
std::byte poison_byte(uint32_t word, size_t offset) {
  return static_cast<std::byte>(word >> (8 * (offset % 4)));
}

bool holds_poison(const std::byte* begin, const std::byte* end, uint32_t word) {
  for (const std::byte* p = begin; p != end; ++p) {
    if (*p != poison_byte(word, reinterpret_cast<uintptr_t>(p))) return false;
  }
  return true;
}

}  // namespace

void poison(void* target, size_t n_bytes, uint32_t word) {
  auto* bytes = static_cast<std::byte*>(target);
  size_t i = 0;
  for (; i < n_bytes && reinterpret_cast<uintptr_t>(bytes + i) % 4 != 0; ++i) {
    bytes[i] = poison_byte(word, reinterpret_cast<uintptr_t>(bytes + i));
  }
  for (; i + 4 <= n_bytes; i += 4) memcpy(bytes + i, &word, 4);
  for (; i < n_bytes; ++i) bytes[i] = poison_byte(word, reinterpret_cast<uintptr_t>(bytes + i));
}

DeviceMemory& DeviceMemory::instance() {
  static DeviceMemory memory;
  return memory;
}

void* DeviceMemory::allocate(size_t size_bytes, const Schedule& schedule) {
  if (size_bytes == 0) return nullptr;
  const size_t page = page_bytes();
  const size_t inner = (size_bytes + page - 1) / page * page;
  const size_t total = inner + 2 * page;
  void* mapped =
      mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* mapping = static_cast<std::byte*>(mapped);
  if (mprotect(mapping + page, inner, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, total);
    return nullptr;
  }
  poison(mapping + page, inner, schedule.poison_word());
  mprotect(mapping + page, inner, PROT_NONE);
  const bool at_end = schedule.allocations_end_at_guard();
  const size_t alignment = std::min(size_bytes & (~size_bytes + 1), kLargestAlignment);
  std::byte* data = mapping + page + (at_end ? (inner - size_bytes) / alignment * alignment : 0);
  const std::lock_guard lock(mutex_);
  by_mapping_[mapping] = {mapping, total, data, size_bytes, schedule.poison_word()};
  return data;
}

bool DeviceMemory::release(void* pointer) {
  const std::lock_guard lock(mutex_);
  const Allocation* found = find(pointer);
  if (found == nullptr || found->freed || found->data != pointer) return false;
  Allocation& allocation = by_mapping_[found->mapping];
  mprotect(allocation.mapping, allocation.mapping_bytes, PROT_NONE);
  madvise(allocation.mapping, allocation.mapping_bytes, MADV_DONTNEED);
  allocation.freed = true;
  freed_[n_freed_++] = allocation.mapping;
  if (freed_.size() > kFreedKept) forget_oldest_freed();
  return true;
}

void DeviceMemory::forget_oldest_freed() {
  const auto oldest = freed_.begin();
  const Allocation allocation = by_mapping_[oldest->second];
  by_mapping_.erase(oldest->second);
  freed_.erase(oldest);
  munmap(allocation.mapping, allocation.mapping_bytes);
}

void DeviceMemory::set_access(int protection) {
  const std::lock_guard lock(mutex_);
  for (const auto& [mapping, allocation] : by_mapping_) {
    if (allocation.freed) continue;
    mprotect(allocation.mapping + page_bytes(), allocation.mapping_bytes - 2 * page_bytes(),
             protection);
  }
}

OpenDeviceMemory::OpenDeviceMemory() {
  DeviceMemory::instance().set_access(PROT_READ | PROT_WRITE);
}
OpenDeviceMemory::~OpenDeviceMemory() { DeviceMemory::instance().set_access(PROT_NONE); }

const DeviceMemory::Allocation* DeviceMemory::find(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  auto after = by_mapping_.upper_bound(byte);
  if (after == by_mapping_.begin()) return nullptr;
  const Allocation& allocation = std::prev(after)->second;
  return byte < allocation.mapping + allocation.mapping_bytes ? &allocation : nullptr;
}

bool DeviceMemory::touches(const void* pointer, size_t n_bytes) const {
  const std::lock_guard lock(mutex_);
  const auto* begin = static_cast<const std::byte*>(pointer);
  return find(begin) != nullptr || (n_bytes > 0 && find(begin + n_bytes - 1) != nullptr);
}

bool DeviceMemory::contains(const void* pointer, size_t n_bytes) const {
  const std::lock_guard lock(mutex_);
  const Allocation* allocation = find(pointer);
  if (allocation == nullptr || allocation->freed) return false;
  const auto* begin = static_cast<const std::byte*>(pointer);
  const std::byte* end = allocation->data + allocation->size_bytes;
  return begin >= allocation->data && begin <= end && n_bytes <= static_cast<size_t>(end - begin);
}

std::optional<std::string> DeviceMemory::describe(const void* address) const {
  const std::lock_guard lock(mutex_);
  const Allocation* allocation = find(address);
  if (allocation == nullptr) return std::nullopt;
  const std::string whole =
      "an allocation of " + bytes_text(static_cast<int64_t>(allocation->size_bytes));
  if (allocation->freed) return "touches " + whole + " after its release";
  const int64_t offset = static_cast<const std::byte*>(address) - allocation->data;
  if (offset < 0) return "touches memory " + bytes_text(-offset) + " before " + whole;
  return "touches memory " + bytes_text(offset - static_cast<int64_t>(allocation->size_bytes) + 1) +
         " beyond " + whole;
}

bool DeviceMemory::is_damaged(const Allocation& allocation) {
  const std::byte* inner_begin = allocation.mapping + page_bytes();
  const std::byte* inner_end = allocation.mapping + allocation.mapping_bytes - page_bytes();
  const std::byte* data_end = allocation.data + allocation.size_bytes;
  return !holds_poison(inner_begin, allocation.data, allocation.poison) ||
         !holds_poison(data_end, inner_end, allocation.poison);
}

std::optional<std::string> DeviceMemory::first_damage() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [mapping, allocation] : by_mapping_) {
    if (!allocation.freed && is_damaged(allocation)) {
      return "wrote just outside an allocation of " +
             bytes_text(static_cast<int64_t>(allocation.size_bytes));
    }
  }
  return std::nullopt;
}

}  // namespace reprotrain::emulated_cuda
