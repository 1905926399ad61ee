// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_slab.h"

#include <gtest/gtest.h>

#include <vector>

namespace reprotrain::engine {
namespace {

/// Flat indices of the elements in the order in which the reads deliver them.
std::vector<hsize_t> order_of_reads(const StorageShape& storage) {
  std::vector<hsize_t> order;
  for_each_slab(storage.shape, slab_extents(storage), [&](auto origin, auto count) {
    hsize_t n = 1;
    for (const hsize_t c : count) n *= c;
    for (hsize_t i = 0; i < n; ++i) {
      hsize_t rest = i;
      hsize_t flat = 0;
      hsize_t stride = 1;
      for (size_t axis = count.size(); axis-- > 0;) {
        flat += (origin[axis] + rest % count[axis]) * stride;
        rest /= count[axis];
        stride *= storage.shape[axis];
      }
      order.push_back(flat);
    }
  });
  return order;
}

TEST(Hdf5Slab, ReadsDeliverEveryElementOnceInRowMajorOrder) {
  const std::vector<std::vector<hsize_t>> shapes = {
      {1}, {33}, {257}, {7, 5}, {5, 1}, {1, 257}, {3, 4, 5}, {2, 1, 33}, {31, 32}, {4, 3, 2, 5}};
  // Elements this large make 1 MiB hold 1, 4, 16 ... of them, so that every axis gets cut.
  for (const auto& shape : shapes) {
    for (const size_t element_bytes : {1u << 20, 1u << 18, 1u << 16, 1u << 14, 1u}) {
      for (const hsize_t chunk : {0u, 1u, 2u, 3u, 16u}) {
        StorageShape storage{shape, {}, element_bytes, false};
        if (chunk > 0) storage.chunk.assign(shape.size(), chunk);
        const std::vector<hsize_t> order = order_of_reads(storage);
        bool ascending = true;
        for (size_t i = 0; i < order.size(); ++i) ascending = ascending && order[i] == i;
        hsize_t n = 1;
        for (const hsize_t extent : shape) n *= extent;
        EXPECT_TRUE(ascending && order.size() == n)
            << "rank " << shape.size() << ", element " << element_bytes << ", chunk " << chunk;
      }
    }
  }
}

TEST(Hdf5Slab, ReadsAreAboutAMebibyteOrABandOfChunks) {
  EXPECT_EQ(slab_extents({{1'000'000, 64}, {}, 4, false}), (std::vector<hsize_t>{4096, 64}));
  EXPECT_EQ(slab_extents({{1'000'000, 64}, {1000, 64}, 4, false}),
            (std::vector<hsize_t>{4000, 64}));
  EXPECT_EQ(slab_extents({{1'000'000, 64}, {8192, 8}, 4, false}), (std::vector<hsize_t>{8192, 64}));
  EXPECT_EQ(slab_extents({{1'000'000, 64}, {1'000'000, 64}, 4, false}),
            (std::vector<hsize_t>{4096, 64}));
  EXPECT_EQ(slab_extents({{1'000'000}, {}, 8, true}), (std::vector<hsize_t>{1024}));
}

TEST(Hdf5Slab, CacheHoldsTheChunksOfOneBand) {
  EXPECT_EQ(chunk_cache_bytes({{1000, 64}, {}, 4, false}), 0u);
  EXPECT_EQ(chunk_cache_bytes({{1000, 64}, {10, 8}, 4, false}), 10u * 64 * 4);
  EXPECT_EQ(chunk_cache_bytes({{1000, 65}, {10, 8}, 4, false}), 10u * 72 * 4);
  EXPECT_EQ(chunk_cache_bytes({{hsize_t{1} << 40, hsize_t{1} << 40}, {1 << 20, 1 << 20}, 8, false}),
            size_t{256} << 20);
}

}  // namespace
}  // namespace reprotrain::engine
