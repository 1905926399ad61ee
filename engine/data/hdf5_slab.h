// SPDX-License-Identifier: Apache-2.0
// How a dataset is cut into reads: in row-major order, each chunk decoded once where memory allows.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace reprotrain::engine {

struct StorageShape {
  std::vector<hsize_t> shape;  ///< of the dataset; not {}
  std::vector<hsize_t> chunk;  ///< {} unless chunked
  size_t element_bytes = 0;    ///< as stored
  bool has_variable_text = false;
};

/// Extents of one read: 1 along the outer axes, then a step, then everything along the inner axes,
/// so that reads in row-major order of their origins deliver elements in row-major order. A read is
/// about 1 MiB, or a whole band of chunks when that is at most 32 MiB.
std::vector<hsize_t> slab_extents(const StorageShape& storage);

/// Bytes of chunk cache with which every chunk is decoded once, at most 256 MiB; 0: none needed.
size_t chunk_cache_bytes(const StorageShape& storage);

/// Calls `body(origin, count)` for each read; parts at the edges are cut to the shape.
using SlabBody =
    std::function<void(std::span<const hsize_t> origin, std::span<const hsize_t> count)>;
void for_each_slab(std::span<const hsize_t> shape, std::span<const hsize_t> extents,
                   const SlabBody& body);

}  // namespace reprotrain::engine
