// SPDX-License-Identifier: Apache-2.0
#include "bench/matmul_peers.h"

#include <cblas.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <memory>

namespace reprotrain::bench {
namespace {

using kernels::MatrixProduct;

std::function<void()> openblas_product(const MatrixProduct& p) {
  return [p] {
    cblas_sgemm(CblasRowMajor, p.transpose_a ? CblasTrans : CblasNoTrans,
                p.transpose_b ? CblasTrans : CblasNoTrans, static_cast<blasint>(p.c.n_rows),
                static_cast<blasint>(p.c.n_columns), static_cast<blasint>(p.depth()), 1.0f,
                p.a.data, static_cast<blasint>(p.a.row_stride), p.b.data,
                static_cast<blasint>(p.b.row_stride), 0.0f, p.c.data,
                static_cast<blasint>(p.c.row_stride));
  };
}

std::function<void()> dnnl_sgemm_product(const MatrixProduct& p) {
  return [p] {
    dnnl_sgemm(p.transpose_a ? 'T' : 'N', p.transpose_b ? 'T' : 'N', p.c.n_rows, p.c.n_columns,
               p.depth(), 1.0f, p.a.data, p.a.row_stride, p.b.data, p.b.row_stride, 0.0f, p.c.data,
               p.c.row_stride);
  };
}

/// The primitive is made once and executed often, as frameworks cache it.
std::function<void()> dnnl_primitive_product(const MatrixProduct& p) {
  using namespace dnnl;
  const auto descriptor = [](int64_t rows, int64_t columns, int64_t stride, bool transposed) {
    return memory::desc({rows, columns}, memory::data_type::f32,
                        transposed ? memory::dims{1, stride} : memory::dims{stride, 1});
  };
  const engine cpu(engine::kind::cpu, 0);
  const auto a = descriptor(p.c.n_rows, p.depth(), p.a.row_stride, p.transpose_a);
  const auto b = descriptor(p.depth(), p.c.n_columns, p.b.row_stride, p.transpose_b);
  const auto c = descriptor(p.c.n_rows, p.c.n_columns, p.c.row_stride, false);
  const auto primitive =
      std::make_shared<matmul>(matmul::primitive_desc(matmul::desc(a, b, c), cpu));
  const auto queue = std::make_shared<stream>(cpu);
  const std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, memory(a, cpu, const_cast<float*>(p.a.data))},
      {DNNL_ARG_WEIGHTS, memory(b, cpu, const_cast<float*>(p.b.data))},
      {DNNL_ARG_DST, memory(c, cpu, p.c.data)}};
  return [primitive, queue, arguments] {
    primitive->execute(*queue, arguments);
    queue->wait();
  };
}

}  // namespace

std::vector<Contender> peer_contenders(int n_threads) {
  openblas_set_num_threads(n_threads);
  omp_set_num_threads(n_threads);
  return {{"openblas", true, openblas_product},
          {"dnnl_sgemm", true, dnnl_sgemm_product},
          {"dnnl_matmul", true, dnnl_primitive_product}};
}

std::vector<std::string> peer_versions() {
  const dnnl_version_t* dnnl = dnnl_version();
  return {std::string(openblas_get_config()) + " on " + openblas_get_corename(),
          "oneDNN " + std::to_string(dnnl->major) + "." + std::to_string(dnnl->minor) + "." +
              std::to_string(dnnl->patch)};
}

}  // namespace reprotrain::bench
