// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/device_pool.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <utility>

#include "kernels/base/ceil_div.h"
#include "kernels/base/cuda_error.h"

namespace reprotrain::engine {

namespace {

using kernels::check_cuda;

constexpr int64_t kBoundary = 256;
constexpr int64_t kMebibyte = int64_t{1} << 20;

std::string mebibytes(int64_t n_bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB",
                static_cast<double>(n_bytes) / static_cast<double>(kMebibyte));
  return text;
}

/// The largest block that may serve a request: a quarter more, or a little.
int64_t largest_fit(int64_t n_bytes) { return n_bytes + std::max(n_bytes / 4, kMebibyte / 16); }

int64_t free_on_device() {
  size_t free = 0, total = 0;
  check_cuda(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<int64_t>(free);
}

}  // namespace

DevicePool::DevicePool(std::string device_name, int64_t most_bytes)
    : device_name_(std::move(device_name)),
      most_bytes_(most_bytes > 0 ? most_bytes : std::numeric_limits<int64_t>::max()) {}

DevicePool::~DevicePool() {
  give_back_kept();
  for (const auto& [memory, n_bytes] : used_) cudaFree(memory);
}

void* DevicePool::allocate(int64_t n_bytes) {
  const int64_t rounded = std::max(kBoundary, kernels::round_up(n_bytes, kBoundary));
  void* memory = take_kept(rounded);
  if (memory == nullptr) memory = take_new(rounded);
  if (memory == nullptr) refuse(rounded);
  return memory;
}

void* DevicePool::take_kept(int64_t n_bytes) {
  const auto found = kept_.lower_bound(n_bytes);
  if (found == kept_.end() || found->first > largest_fit(n_bytes)) return nullptr;
  const auto [size, memory] = *found;
  kept_.erase(found);
  kept_bytes_ -= size;
  used_bytes_ += size;
  used_.emplace(memory, size);
  return memory;
}

void* DevicePool::take_new(int64_t n_bytes) {
  if (n_bytes > most_bytes_ - held_bytes()) give_back_kept();
  if (n_bytes > most_bytes_ - held_bytes()) return nullptr;
  void* memory = nullptr;
  cudaError_t code = cudaMalloc(&memory, static_cast<size_t>(n_bytes));
  if (code == cudaErrorMemoryAllocation && !kept_.empty()) {
    give_back_kept();
    code = cudaMalloc(&memory, static_cast<size_t>(n_bytes));
  }
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // it does no harm to what follows
    return nullptr;
  }
  check_cuda(code, "cudaMalloc");
  used_bytes_ += n_bytes;
  peak_bytes_ = std::max(peak_bytes_, held_bytes());
  used_.emplace(memory, n_bytes);
  return memory;
}

void DevicePool::release(void* memory) noexcept {
  const auto found = used_.find(memory);
  if (found == used_.end()) return;
  used_bytes_ -= found->second;
  kept_bytes_ += found->second;
  kept_.emplace(found->second, memory);
  used_.erase(found);
}

void DevicePool::give_back_kept() noexcept {
  for (const auto& [size, memory] : kept_) cudaFree(memory);
  kept_.clear();
  kept_bytes_ = 0;
}

int64_t DevicePool::free_bytes() const {
  const int64_t allowed = most_bytes_ - used_bytes_;
  return std::min(allowed, free_on_device() + kept_bytes_);
}

void DevicePool::refuse(int64_t n_bytes) const {
  const bool is_limited = most_bytes_ != std::numeric_limits<int64_t>::max();
  throw std::runtime_error(
      device_name_ + " is out of memory: " + mebibytes(n_bytes) + " asked for, " +
      mebibytes(free_bytes()) + " free, " + mebibytes(used_bytes_) + " in use by this run" +
      (is_limited ? " of the " + mebibytes(most_bytes_) + " that --memory-limit allows" : "") +
      "; lower train.batch_size or the sizes in section model" +
      (is_limited ? ", or raise the limit" : ""));
}

}  // namespace reprotrain::engine
