// SPDX-License-Identifier: Apache-2.0
// Both factors have k contiguous, so the library's first factor is our b, transposed, and its second is
// our a, plain: the one format ("TN") in which its kernels for int8 take ordinary layouts. They want
// dimensions and strides in multiples of 4 and addresses on 4 bytes, and are faster on 16, which
// Int8Product guarantees.
#include "kernels/matmul/cublaslt_int8_gemm.h"

#include <map>
#include <stdexcept>

namespace reprotrain::kernels {

namespace {

cublaslt::Layouts layouts_of(const Int8Product& product) {
  cublaslt::Layouts layouts;
  layouts.input_type = cublaslt::kReal8I;
  layouts.result_type = cublaslt::kReal32I;
  layouts.compute_type = cublaslt::kCompute32I;
  layouts.transpose_first = true;
  layouts.m = product.n_columns;
  layouts.n = product.n_rows;
  layouts.k = product.depth;
  layouts.first_stride = product.b_stride;
  layouts.second_stride = product.a_stride;
  layouts.result_stride = product.c_stride;
  return layouts;
}

class CublasLtInt8Gemm final : public Int8Gemm {
 public:
  explicit CublasLtInt8Gemm(const cublaslt::Workspace& workspace) : workspace_(workspace) {}

  void run(const Int8Product& product, cudaStream_t stream) const override {
    if (product.n_rows == 0 || product.n_columns == 0) return;
    const Prepared& prepared = prepare(product);
    prepared.operation.run(session_, prepared.algorithm, {product.b, product.a, product.c},
                           workspace_, stream);
  }

 private:
  struct Prepared {
    cublaslt::Operation operation;
    cublaslt::Algorithm algorithm;
  };

  const Prepared& prepare(const Int8Product& product) const {
    const cublaslt::Layouts layouts = layouts_of(product);
    const auto known = prepared_.find(layouts);
    if (known != prepared_.end()) return known->second;
    cublaslt::Operation operation(layouts);
    constexpr uint32_t kAnyReduction = 0x7;  // integers: every order gives the same sum
    const auto proposals = operation.propose(session_, workspace_.size_bytes, kAnyReduction, 1);
    if (proposals.empty()) throw std::runtime_error("cuBLASLt has no kernel for an int8 product");
    return prepared_.emplace(layouts, Prepared{std::move(operation), proposals.front()})
        .first->second;
  }

  cublaslt::Workspace workspace_;
  cublaslt::Session session_;
  mutable std::map<cublaslt::Layouts, Prepared> prepared_;  // asking costs a launch's time
};

}  // namespace

std::unique_ptr<Int8Gemm> cublaslt_int8_gemm(const cublaslt::Workspace& workspace) {
  return std::make_unique<CublasLtInt8Gemm>(workspace);
}

}  // namespace reprotrain::kernels
