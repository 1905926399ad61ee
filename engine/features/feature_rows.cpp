// SPDX-License-Identifier: Apache-2.0
#include "engine/features/feature_rows.h"

#include "engine/device/gather_rows.h"

namespace reprotrain::engine {

FeatureRows::FeatureRows(const FeatureMatrix& features, ComputeDevice& device)
    : features_(features),
      device_(device),
      is_resident_(device.is_host() ||
                   static_cast<int64_t>(features.values.size() * sizeof(float)) <=
                       device.free_bytes() / 2) {
  if (is_resident_) resident_.assign(device, features.values);
}

kernels::ConstMatrixView FeatureRows::gather(const RowOrder& order, int64_t begin, int64_t n,
                                             FloatArena& memory) {
  const int64_t row_bytes = n_features() * static_cast<int64_t>(sizeof(float));
  const kernels::MatrixView batch = memory.matrix(device_, n, n_features());
  if (is_resident_) {
    device_.gather_rows(resident_.data(), row_bytes, order.device(begin, n), batch.data);
    return batch;
  }
  sent_.resize(static_cast<size_t>(n * n_features()));
  gather_rows(features_.values.data(), row_bytes, order.host(begin, n), sent_.data(),
              device_.host_threads());
  device_.upload(sent_.data(), batch.data, n * row_bytes);
  return batch;
}

}  // namespace reprotrain::engine
