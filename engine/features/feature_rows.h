// SPDX-License-Identifier: Apache-2.0
// The feature matrix as a device sees it: batches of rows, wherever the matrix lies.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/device/resident_array.h"
#include "engine/features/feature_plan.h"

namespace reprotrain::engine {

/// Rows in the order in which batches take them, on the host and on the device.
class RowOrder {
 public:
  /// `rows` must stay as they are until the next assign().
  void assign(ComputeDevice& device, std::span<const int64_t> rows) {
    host_ = rows;
    device_.assign(device, rows);
  }
  int64_t size() const { return static_cast<int64_t>(host_.size()); }
  std::span<const int64_t> host(int64_t begin, int64_t n) const { return part(host_, begin, n); }
  std::span<const int64_t> device(int64_t begin, int64_t n) const {
    return part(device_.span(), begin, n);
  }

 private:
  static std::span<const int64_t> part(std::span<const int64_t> rows, int64_t begin, int64_t n) {
    return rows.subspan(static_cast<size_t>(begin), static_cast<size_t>(n));
  }

  std::span<const int64_t> host_;
  ResidentArray<int64_t> device_;
};

/// Keeps the whole matrix on the device if it takes no more than half of what is free there, else sends
/// each batch. Which of the two never reaches a value.
class FeatureRows {
 public:
  /// Both must outlive it.
  FeatureRows(const FeatureMatrix& features, ComputeDevice& device);

  int64_t n_features() const { return features_.n_features(); }

  /// Rows `begin` to begin + n - 1 of `order` as a dense matrix (n, n_features) in `memory`.
  kernels::ConstMatrixView gather(const RowOrder& order, int64_t begin, int64_t n,
                                  FloatArena& memory);

 private:
  const FeatureMatrix& features_;
  ComputeDevice& device_;
  bool is_resident_;
  ResidentArray<float> resident_;
  std::vector<float> sent_;  // a batch, before it goes to the device
};

}  // namespace reprotrain::engine
