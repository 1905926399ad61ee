// SPDX-License-Identifier: Apache-2.0
// Convolutions and their gradients through cuDNN, with engines whose bits repeat (cudnn_plan.h).
//
//   weights are ours, (ky, kx, channels in) x channels out; the library's are the transpose
//   with precision bf16 operands are rounded to bfloat16 before and results widened after; the result of
//   an engine is a bfloat16 then, so gradients of weights have 8 bits
//   bias and its gradient are those of convolution.h: an addition, and exact column sums
//
// Where the library has no engine that is allowed, the record says "patches": the convolution is then a
// product of patches (kernels/conv/convolution_cuda.h) through kLibrary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "kernels/base/device_workspace.h"
#include "kernels/conv/convolution.h"
#include "kernels/library/algorithm_book.h"
#include "kernels/library/cudnn_plan.h"
#include "kernels/library/library_precision.h"

namespace reprotrain::kernels {

/// The version of the library that is loaded: 91900 for 9.19.0. Throws std::runtime_error, with a
/// sentence, where it cannot be loaded.
size_t cudnn_version();

/// On the current device; not for use by two threads at once. All throw std::runtime_error, with a
/// sentence, where the library fails, and CudaError.
class CudnnConvolution {
 public:
  /// An engine may use `most_bytes` of work space. `book` must outlive it.
  CudnnConvolution(LibraryPrecision precision, int64_t most_bytes, AlgorithmBook& book)
      : precision_(precision), most_bytes_(most_bytes), book_(book) {}

  /// Lends work space of so many bytes.
  using LendWorkspace = std::function<DeviceWorkspace(int64_t n_bytes)>;

  /// Queues a pass. False, and nothing is queued, where patches must do.
  bool run(const ConvolutionForward& pass, const LendWorkspace& lend, cudaStream_t stream);
  bool run(const ConvolutionWeightGradient& pass, const LendWorkspace& lend, cudaStream_t stream);
  bool run(const ConvolutionInputGradient& pass, const LendWorkspace& lend, cudaStream_t stream);

 private:
  struct Pass;
  template <typename Wanted>
  Pass describe(const Wanted& pass) const;
  const cudnn::Plan* plan_of(const Pass& pass);
  static int64_t bytes_of(const Pass& pass, const cudnn::Plan& plan);
  void run(const Pass& pass, const cudnn::Plan& plan, DeviceWorkspace workspace,
           cudaStream_t stream);

  LibraryPrecision precision_;
  int64_t most_bytes_;
  AlgorithmBook& book_;
  cudnn::Target target_;
  std::map<std::string, std::optional<cudnn::Plan>> plans_;  // nothing: patches
};

}  // namespace reprotrain::kernels
