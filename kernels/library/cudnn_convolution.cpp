// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/cudnn_convolution.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernels/conv/convolution_shapes.h"
#include "kernels/library/operand_alignment.h"
#include "kernels/library/operands_cuda.h"
#include "kernels/reduce/column_sums_cuda.h"

namespace reprotrain::kernels {

namespace {

using cudnn::PassKind;

constexpr const char* kPatches = "patches";

/// A dense array.
template <typename T>
struct Array {
  T* data = nullptr;
  int64_t n = 0;
};

}  // namespace

/// A pass by its shape and its three operands, one of which is written.
struct CudnnConvolution::Pass {
  cudnn::PassShape shape;
  Array<const float> images, outputs;
  ConstMatrixView weight;
  float* result = nullptr;   ///< images or outputs
  MatrixView weight_result;  ///< or the weight

  bool is_bf16() const { return shape.precision == LibraryPrecision::kBf16; }
  int64_t n_weights() const { return weight.n_rows * weight.n_columns; }
};

template <typename Wanted>
CudnnConvolution::Pass CudnnConvolution::describe(const Wanted& wanted) const {
  Pass pass;
  pass.shape.convolution = wanted.convolution;
  pass.shape.precision = precision_;
  ConstMatrixView images, outputs;
  if constexpr (std::is_same_v<Wanted, ConvolutionForward>) {
    pass.shape.kind = PassKind::kForward;
    images = wanted.images;
    outputs = wanted.outputs;
    pass.weight = wanted.weight;
    pass.result = wanted.outputs.data;
  } else if constexpr (std::is_same_v<Wanted, ConvolutionWeightGradient>) {
    pass.shape.kind = PassKind::kWeightGradient;
    images = wanted.images;
    outputs = wanted.delta;
    pass.weight = wanted.weight_gradient;
    pass.weight_result = wanted.weight_gradient;
  } else {
    pass.shape.kind = PassKind::kInputGradient;
    images = wanted.image_gradient;
    outputs = wanted.delta;
    pass.weight = wanted.weight;
    pass.result = wanted.image_gradient.data;
  }
  pass.shape.n_images = outputs.n_rows;
  pass.images = {images.data, images.n_rows * images.n_columns};
  pass.outputs = {outputs.data, outputs.n_rows * outputs.n_columns};
  if (!pass.is_bf16()) {  // else operands are copies, which begin on a boundary
    pass.shape.images_alignment = alignment_of(reinterpret_cast<uintptr_t>(images.data));
    pass.shape.outputs_alignment = alignment_of(reinterpret_cast<uintptr_t>(outputs.data));
  }
  return pass;
}

const cudnn::Plan* CudnnConvolution::plan_of(const Pass& pass) {
  if (pass.shape.n_images == 0) return nullptr;  // the library has no tensors without elements
  const std::string name = cudnn::name_of_pass(pass.shape);
  const auto known = plans_.find(name);
  if (known != plans_.end()) return known->second ? &*known->second : nullptr;
  std::optional<cudnn::Plan> plan;
  const std::optional<std::string> recorded = book_.recorded(name);
  if (!recorded) plan = cudnn::Plan::choose(target_, pass.shape, most_bytes_);
  if (recorded && *recorded != kPatches) {
    plan = cudnn::Plan::replay(target_, pass.shape, *recorded);
  }
  book_.use(name, plan ? plan->choice() : kPatches);
  const auto& kept = plans_.emplace(name, std::move(plan)).first->second;
  return kept ? &*kept : nullptr;
}

int64_t CudnnConvolution::bytes_of(const Pass& pass, const cudnn::Plan& plan) {
  int64_t n_bytes = DeviceWorkspace::bytes_for<float>(pass.n_weights()) +
                    DeviceWorkspace::bytes_for<unsigned char>(plan.workspace_bytes());
  if (pass.is_bf16()) {
    n_bytes += DeviceWorkspace::bytes_for<uint16_t>(pass.images.n) +
               DeviceWorkspace::bytes_for<uint16_t>(pass.n_weights()) +
               DeviceWorkspace::bytes_for<uint16_t>(pass.outputs.n);
  }
  return n_bytes;
}

void CudnnConvolution::run(const Pass& pass, const cudnn::Plan& plan, DeviceWorkspace workspace,
                           cudaStream_t stream) {
  const bool writes_weight = pass.weight_result.data != nullptr;
  const auto transposed = dense_view(workspace.take<float>(pass.n_weights()), pass.weight.n_columns,
                                     pass.weight.n_rows);
  if (!writes_weight) transpose_cuda(pass.weight, transposed, stream);

  cudnn::Plan::Pointers operands{pass.images.data, transposed.data, pass.outputs.data, nullptr};
  if (pass.is_bf16()) {
    const auto copy_of = [&](const float* from, int64_t n, bool is_result) {
      auto* const to = workspace.take<uint16_t>(n);
      if (!is_result) round_to_bfloat16_cuda({from, 1, n, n}, to, n, stream);
      return to;
    };
    operands.images = copy_of(pass.images.data, pass.images.n, pass.result == pass.images.data);
    operands.weight = copy_of(transposed.data, pass.n_weights(), writes_weight);
    operands.outputs = copy_of(pass.outputs.data, pass.outputs.n, pass.result == pass.outputs.data);
  }
  operands.workspace = workspace.take<unsigned char>(plan.workspace_bytes());
  plan.run(target_, operands, stream);

  if (pass.is_bf16()) {
    const auto widen = [&](const void* from, float* to, int64_t n) {
      widen_bfloat16_cuda(static_cast<const uint16_t*>(from), to, n, stream);
    };
    if (writes_weight) {
      widen(operands.weight, transposed.data, pass.n_weights());
    } else if (pass.result == pass.images.data) {
      widen(operands.images, pass.result, pass.images.n);
    } else {
      widen(operands.outputs, pass.result, pass.outputs.n);
    }
  }
  if (writes_weight) transpose_cuda(transposed, pass.weight_result, stream);
}

bool CudnnConvolution::run(const ConvolutionForward& wanted, const LendWorkspace& lend,
                           cudaStream_t stream) {
  require_matching(wanted);
  const Pass pass = describe(wanted);
  const cudnn::Plan* const plan = plan_of(pass);
  if (plan == nullptr) return false;
  run(pass, *plan, lend(bytes_of(pass, *plan)), stream);
  if (wanted.bias.empty()) return true;
  add_bias_cuda(wanted.bias.data(),
                group_of_pixels(wanted.outputs, wanted.convolution.n_channels_out, 0, 1), stream);
  return true;
}

bool CudnnConvolution::run(const ConvolutionWeightGradient& wanted, const LendWorkspace& lend,
                           cudaStream_t stream) {
  require_matching(wanted);
  const Pass pass = describe(wanted);
  const cudnn::Plan* const plan = plan_of(pass);
  if (plan == nullptr) return false;
  const int64_t n_biases = static_cast<int64_t>(wanted.bias_gradient.size());
  // One after the other in the same work space.
  const DeviceWorkspace workspace =
      lend(std::max(bytes_of(pass, *plan), column_sums_bytes(n_biases)));
  run(pass, *plan, workspace, stream);
  column_sums_cuda(group_of_pixels(wanted.delta, wanted.convolution.n_channels_out, 0, 1),
                   workspace, wanted.bias_gradient, stream);
  return true;
}

bool CudnnConvolution::run(const ConvolutionInputGradient& wanted, const LendWorkspace& lend,
                           cudaStream_t stream) {
  require_matching(wanted);
  const Pass pass = describe(wanted);
  const cudnn::Plan* const plan = plan_of(pass);
  if (plan == nullptr) return false;
  run(pass, *plan, lend(bytes_of(pass, *plan)), stream);
  return true;
}

size_t cudnn_version() { return cudnn::functions().cudnnGetVersion(); }

}  // namespace reprotrain::kernels
