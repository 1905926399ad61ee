// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/cuda_device.h"

#include <algorithm>
#include <string>

#include "kernels/base/cuda_error.h"
#include "kernels/conformance/device_copy.h"
#include "kernels/elementwise/elementary_array_cuda.h"
#include "kernels/matmul/ordered_matmul_cuda.h"
#include "kernels/matmul/sliced_matmul_cuda.h"

namespace reprotrain::kernels {
namespace {

using ArrayFunction = void (*)(const float* x, float* y, int64_t n, cudaStream_t stream);

struct NamedFunction {
  std::string_view name;
  ArrayFunction run;
};

constexpr NamedFunction kElementary[] = {
    {"exp", rounded::exp_array_cuda},
    {"log", rounded::log_array_cuda},
    {"log1p", rounded::log1p_array_cuda},
    {"expm1", rounded::expm1_array_cuda},
    {"tanh", rounded::tanh_array_cuda},
    {"sigmoid", rounded::sigmoid_array_cuda},
    {"erf", rounded::erf_array_cuda},
    {"gelu", rounded::gelu_array_cuda},
    {"gelu_derivative", rounded::gelu_derivative_array_cuda},
};

constexpr cudaStream_t kStream = nullptr;

/// From the first element of the first row to the last one of the last row, gaps included.
template <typename T>
std::span<T> extent_of(const BasicMatrixView<T>& view) {
  if (view.n_rows == 0 || view.n_columns == 0) return {view.data, 0};
  return {view.data, static_cast<size_t>((view.n_rows - 1) * view.row_stride + view.n_columns)};
}

class CudaDevice final : public OperatorDevice {
 public:
  explicit CudaDevice(int index) : index_(index) {
    check_cuda(cudaSetDevice(index), "cudaSetDevice");
    check_cuda(cudaGetDeviceProperties(&properties_, index), "cudaGetDeviceProperties");
  }

  std::string name() const override {
    return "cuda:" + std::to_string(index_) + " " + properties_.name;
  }

  bool elementary(std::string_view function, std::span<const float> x,
                  std::span<float> y) override {
    for (const NamedFunction& candidate : kElementary) {
      if (candidate.name != function) continue;
      const DeviceCopy<float> values(x);
      candidate.run(values.data(), values.data(), values.size(), kStream);
      values.read(y);
      return true;
    }
    return false;
  }

  bool matrix_product(std::string_view specification, const MatrixProduct& product) override {
    if (specification != "fma32" && specification != "int8x2" && specification != "int8x3") {
      return false;
    }
    const DeviceCopy<float> a(extent_of(product.a)), b(extent_of(product.b));
    const auto c_extent = extent_of(product.c);
    const DeviceCopy<float> c{std::span<const float>(c_extent)};
    const int64_t n_bias = product.bias == nullptr ? 0 : product.c.n_columns;
    const DeviceCopy<float> bias(std::span(product.bias, static_cast<size_t>(n_bias)));
    MatrixProduct on_device = product;
    on_device.a.data = a.data();
    on_device.b.data = b.data();
    on_device.c.data = c.data();
    on_device.bias = product.bias == nullptr ? nullptr : bias.data();
    if (specification == "fma32") {
      multiply_in_order(on_device);
    } else {
      multiply_slices(on_device, specification == "int8x2" ? 2 : 3);
    }
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    c.read(c_extent);
    return true;
  }

 private:
  void multiply_in_order(const MatrixProduct& product) const {
    const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    constexpr int64_t kLargestWorkspace = int64_t{1} << 28;
    const OrderedMatmulPlan plan =
        plan_ordered_matmul(shape, properties_.multiProcessorCount, kLargestWorkspace);
    const int64_t size_bytes = workspace_bytes_of(plan, shape);
    const DeviceCopy<float> workspace(size_bytes / static_cast<int64_t>(sizeof(float)));
    ordered_matmul_cuda(product, plan, {workspace.data(), size_bytes}, kStream);
  }

  /// Without cuBLASLt: integers are the same whoever multiplies them.
  static void multiply_slices(const MatrixProduct& product, int n_digits) {
    const ProductShape shape{product.c.n_rows, product.c.n_columns, product.depth()};
    const DeviceCopy<unsigned char> workspace(sliced_workspace_bytes(shape, n_digits));
    const TiledInt8Gemm gemm;
    sliced_matmul_cuda(product, {n_digits, &gemm}, {workspace.data(), workspace.size()}, kStream);
  }

  int index_;
  cudaDeviceProp properties_{};
};

}  // namespace

std::unique_ptr<OperatorDevice> cuda_device(int index) {
  return std::make_unique<CudaDevice>(index);
}

}  // namespace reprotrain::kernels
