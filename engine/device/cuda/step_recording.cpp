// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/step_recording.h"

#include "kernels/base/cuda_error.h"

namespace reprotrain::engine {

using kernels::check_cuda;

void StepRecording::begin(cudaStream_t stream) {
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
             "cudaStreamBeginCapture");
}

void StepRecording::end(cudaStream_t stream) {
  cudaGraph_t captured = nullptr;
  check_cuda(cudaStreamEndCapture(stream, &captured), "cudaStreamEndCapture");
  const cudaError_t code = cudaGraphInstantiate(&graph_, captured, 0);
  cudaGraphDestroy(captured);
  if (code != cudaSuccess) graph_ = nullptr;
  check_cuda(code, "cudaGraphInstantiate");
}

void StepRecording::abandon(cudaStream_t stream) noexcept {
  cudaGraph_t captured = nullptr;
  if (cudaStreamEndCapture(stream, &captured) == cudaSuccess) cudaGraphDestroy(captured);
  cudaGetLastError();
  clear();
}

void StepRecording::launch(cudaStream_t stream) const {
  check_cuda(cudaGraphLaunch(graph_, stream), "cudaGraphLaunch");
}

void StepRecording::clear() noexcept {
  if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
  graph_ = nullptr;
}

}  // namespace reprotrain::engine
