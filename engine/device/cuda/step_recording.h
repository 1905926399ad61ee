// SPDX-License-Identifier: Apache-2.0
// A training step that was queued once and is repeated as a CUDA graph: one launch for all its kernels.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <optional>

#include "kernels/optimizer/step_constants.h"

namespace reprotrain::engine {

/// What a repeated step reads on the device, where it differs from step to step.
struct ValuesOnDevice {
  kernels::StepConstants constants;
  uint32_t step;
};

/// Not recorded until begin() and end() have succeeded. Memory that the step uses must stay where it is.
class StepRecording {
 public:
  StepRecording() = default;
  ~StepRecording() { clear(); }
  StepRecording(const StepRecording&) = delete;
  StepRecording& operator=(const StepRecording&) = delete;

  bool is_recorded() const { return graph_ != nullptr; }
  /// What is queued on `stream` from now on is recorded and not executed. Throws CudaError, as end().
  void begin(cudaStream_t stream);
  void end(cudaStream_t stream);
  /// Ends a recording that failed.
  void abandon(cudaStream_t stream) noexcept;
  /// Queues the step. Throws CudaError.
  void launch(cudaStream_t stream) const;

  /// Of the step's optimizer, if it has one: its constants change from step to step.
  std::optional<kernels::OptimizerSettings> optimizer;

 private:
  void clear() noexcept;

  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace reprotrain::engine
