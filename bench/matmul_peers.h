// SPDX-License-Identifier: Apache-2.0
// The products of a benchmark, computed by reprotrain and by libraries that promise no order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/matmul/ordered_matmul.h"

namespace reprotrain::bench {

/// One way to compute a product; `prepare` sets up what a caller would keep between calls.
struct Contender {
  std::string name;
  bool is_peer;  ///< counts when the fastest peer is chosen
  std::function<std::function<void()>(const kernels::MatrixProduct&)> prepare;
};

/// OpenBLAS (cblas_sgemm) and oneDNN (dnnl_sgemm and the matmul primitive), on `n_threads`.
std::vector<Contender> peer_contenders(int n_threads);

/// Names and versions of the peers, for the record.
std::vector<std::string> peer_versions();

}  // namespace reprotrain::bench
