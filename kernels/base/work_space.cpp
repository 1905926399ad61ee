// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/work_space.h"

#include <algorithm>
#include <new>
#include <vector>

namespace reprotrain::kernels {

namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kBuffersKept = 4;

struct Buffer {
  float* data;
  int64_t capacity;
};

/// Buffers of this thread that no lease holds, the latest returned last.
struct FreeList {
  std::vector<Buffer> buffers;
  FreeList() { buffers.reserve(kBuffersKept); }
  ~FreeList() {
    for (const Buffer& buffer : buffers) ::operator delete(buffer.data, kAlignment);
  }
};

FreeList& free_list() {
  thread_local FreeList list;
  return list;
}

}  // namespace

WorkSpace::WorkSpace(int64_t n) : data_(nullptr), capacity_(0) {
  auto& buffers = free_list().buffers;
  const auto fits = [n](const Buffer& buffer) { return buffer.capacity >= n; };
  const auto found = std::find_if(buffers.rbegin(), buffers.rend(), fits);
  if (found != buffers.rend()) {
    data_ = found->data;
    capacity_ = found->capacity;
    buffers.erase(std::next(found).base());
    return;
  }
  capacity_ = std::max<int64_t>(n, 1024);
  data_ = static_cast<float*>(
      ::operator new(static_cast<size_t>(capacity_) * sizeof(float), kAlignment));
}

WorkSpace::~WorkSpace() {
  auto& buffers = free_list().buffers;
  if (buffers.size() == kBuffersKept) {
    // Keep the larger ones: the smallest makes room.
    const auto smallest =
        std::min_element(buffers.begin(), buffers.end(),
                         [](const Buffer& x, const Buffer& y) { return x.capacity < y.capacity; });
    if (smallest->capacity >= capacity_) {
      ::operator delete(data_, kAlignment);
      return;
    }
    ::operator delete(smallest->data, kAlignment);
    buffers.erase(smallest);
  }
  buffers.push_back({data_, capacity_});
}

}  // namespace reprotrain::kernels
