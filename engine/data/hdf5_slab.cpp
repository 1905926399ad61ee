// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_slab.h"

#include <algorithm>

namespace reprotrain::engine {

namespace {

constexpr hsize_t kReadBytes = hsize_t{1} << 20;
constexpr hsize_t kBandBytes = hsize_t{32} << 20;
constexpr hsize_t kCacheBytes = hsize_t{256} << 20;
constexpr hsize_t kTextsPerRead = 1024;  // their lengths are unknown before they are read

}  // namespace

std::vector<hsize_t> slab_extents(const StorageShape& storage) {
  const auto& shape = storage.shape;
  const hsize_t element_bytes = std::max<hsize_t>(storage.element_bytes, 1);
  const hsize_t target =
      storage.has_variable_text ? kTextsPerRead : std::max<hsize_t>(kReadBytes / element_bytes, 1);

  std::vector<hsize_t> extents(shape.size(), 1);
  size_t axis = shape.size() - 1;
  hsize_t inner = 1;
  while (axis > 0 && shape[axis] <= target / inner) {
    extents[axis] = shape[axis];
    inner *= shape[axis];
    --axis;
  }
  hsize_t step = std::clamp<hsize_t>(target / inner, 1, shape[axis]);
  if (!storage.chunk.empty() && step < shape[axis] && !storage.has_variable_text) {
    const hsize_t band = std::min(storage.chunk[axis], shape[axis]);
    if (step > band) step -= step % band;
    if (step < band && band <= kBandBytes / element_bytes / inner) step = band;
  }
  extents[axis] = step;
  return extents;
}

size_t chunk_cache_bytes(const StorageShape& storage) {
  if (storage.chunk.empty()) return 0;
  hsize_t bytes = storage.element_bytes;
  for (size_t axis = 0; axis < storage.shape.size(); ++axis) {
    const hsize_t chunk = storage.chunk[axis];
    const hsize_t n_chunks = axis == 0 ? 1 : (storage.shape[axis] - 1) / chunk + 1;
    if (chunk > kCacheBytes / bytes || n_chunks > kCacheBytes / (bytes * chunk)) return kCacheBytes;
    bytes *= chunk * n_chunks;
  }
  return static_cast<size_t>(bytes);
}

void for_each_slab(std::span<const hsize_t> shape, std::span<const hsize_t> extents,
                   const SlabBody& body) {
  std::vector<hsize_t> origin(shape.size(), 0);
  std::vector<hsize_t> count(shape.size());
  for (;;) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      count[axis] = std::min(extents[axis], shape[axis] - origin[axis]);
    }
    body(origin, count);
    size_t axis = shape.size();
    while (axis > 0) {
      --axis;
      origin[axis] += extents[axis];
      if (origin[axis] < shape[axis]) break;
      origin[axis] = 0;
      if (axis == 0) return;
    }
  }
}

}  // namespace reprotrain::engine
