// SPDX-License-Identifier: Apache-2.0
// Which of cuDNN's engines computes a convolution, and with which settings: one whose bits repeat.
//
// Engines that say of themselves that they are not deterministic are passed over, those of another
// precision or with sums of transforms (FFT, Winograd), and those that compile at run time or ask another
// library, whose own choices nobody records. The notes are those of the engine inside the finished
// plan, which is what is executed.
// An engine's index and its knobs are the choice, as text that goes into a record; a choice that was
// recorded is built again from that text, and checked in the same way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/conv/convolution.h"
#include "kernels/library/algorithm_book.h"
#include "kernels/library/cudnn.h"
#include "kernels/library/library_precision.h"

namespace reprotrain::kernels::cudnn {

enum class PassKind { kForward, kWeightGradient, kInputGradient };

/// A convolution of images (n, y, x, channels) with a weight (channels out, ky, kx, channels in of a
/// group), and its outputs: all that an engine is chosen by.
struct PassShape {
  PassKind kind = PassKind::kForward;
  Convolution convolution;
  int64_t n_images = 0;
  LibraryPrecision precision = LibraryPrecision::kFp32;
  int64_t images_alignment = 16, weight_alignment = 16, outputs_alignment = 16;  ///< bytes
};

/// What tells one pass from another for the library, as text for a record.
std::string name_of_pass(const PassShape& shape);

/// An engine with its settings, ready to run.
class Plan {
 public:
  /// The first that the library proposes and that is allowed, within `most_bytes` of work space; nothing
  /// where there is none. Throws std::runtime_error where the library fails.
  static std::optional<Plan> choose(const Target& target, const PassShape& shape,
                                    int64_t most_bytes);
  /// The plan of a choice() of before, whatever work space it needs. Throws ReplayError, with a sentence,
  /// where it is none, is not allowed, or is not one that the library has here.
  static Plan replay(const Target& target, const PassShape& shape, const std::string& choice);

  /// "engine 67 knobs 2=1 13=0".
  const std::string& choice() const { return choice_; }
  int64_t workspace_bytes() const { return workspace_bytes_; }

  struct Pointers {
    const void* images = nullptr;
    const void* weight = nullptr;
    const void* outputs = nullptr;
    void* workspace = nullptr;
  };
  /// Queues it; the operand that is the result is written. Throws std::runtime_error.
  void run(const Target& target, const Pointers& pointers, cudaStream_t stream) const;

 private:
  Plan(Descriptor descriptor, std::string choice, int64_t workspace_bytes)
      : descriptor_(std::move(descriptor)),
        choice_(std::move(choice)),
        workspace_bytes_(workspace_bytes) {}

  Descriptor descriptor_;
  std::string choice_;
  int64_t workspace_bytes_;
};

}  // namespace reprotrain::kernels::cudnn
