// SPDX-License-Identifier: Apache-2.0
#include "kernels/matmul/matmul_cuda.h"

#include <algorithm>

#include "kernels/base/ceil_div.h"
#include "kernels/base/require.h"
#include "kernels/matmul/epilogue_pass_cuda.h"
#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/sliced_matmul_cuda.h"

namespace reprotrain::kernels {
namespace {

SlicedPlan sliced_plan(MatmulSpecification specification, const MatmulPlan& plan) {
  return {specification == MatmulSpecification::kInt8x2 ? 2 : 3, plan.gemm};
}

LibraryGemm& library_of(const MatmulPlan& plan) {
  require(plan.library != nullptr, "products of a library need a device that was opened for them");
  return *plan.library;
}

}  // namespace

int64_t matmul_workspace_bytes(MatmulSpecification specification, const ProductShape& shape,
                               const MatmulPlan& plan) {
  if (specification == MatmulSpecification::kLibrary) {
    return library_of(plan).workspace_bytes(shape);
  }
  if (specification == MatmulSpecification::kFma32) {
    const OrderedMatmulPlan ordered =
        plan_ordered_matmul(shape, plan.n_multiprocessors, plan.most_workspace_bytes);
    return round_up(workspace_bytes_of(ordered, shape), DeviceWorkspace::kAlignment);
  }
  const SlicedPlan slices = sliced_plan(specification, plan);
  return std::min(sliced_workspace_bytes(shape, slices),
                  std::max(plan.most_workspace_bytes, least_sliced_workspace_bytes(shape, slices)));
}

void multiply_cuda(MatmulSpecification specification, const MatrixProduct& product,
                   const MatmulPlan& plan, const DeviceWorkspace& workspace, cudaStream_t stream) {
  if (specification == MatmulSpecification::kLibrary) {
    library_of(plan).multiply(product, workspace, stream);
    return finish_matrix_cuda(product.epilogue, product.c, stream);
  }
  if (specification != MatmulSpecification::kFma32) {
    return sliced_matmul_cuda(product, sliced_plan(specification, plan),
                              {workspace.data, workspace.size_bytes}, stream);
  }
  const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
  ordered_matmul_cuda(product,
                      plan_ordered_matmul(shape, plan.n_multiprocessors, workspace.size_bytes),
                      {reinterpret_cast<float*>(workspace.data), workspace.size_bytes}, stream);
}

}  // namespace reprotrain::kernels
