// SPDX-License-Identifier: Apache-2.0
// Which random stream serves which purpose: two uses of one seed never meet.
#pragma once

#include <cassert>
#include <cstdint>

#include "kernels/base/hd.h"

namespace reprotrain::kernels {

/// What random numbers are drawn for. The values are part of the arithmetic: never renumber.
enum class StreamPurpose : uint32_t {
  kSplit = 1,           ///< rows to train, validation and test
  kEpochOrder = 2,      ///< order of the rows within an epoch
  kInitialisation = 3,  ///< initial parameters
  kDropout = 4,         ///< dropout masks
  kAugmentation = 5,    ///< moves of images
};

/// Stream of the `instance`-th user of a purpose (a layer, a parameter), instance < 2^24.
RPT_HD uint32_t stream_of(StreamPurpose purpose, uint32_t instance) {
  assert(instance < (1u << 24));
  return static_cast<uint32_t>(purpose) << 24 | instance;
}

}  // namespace reprotrain::kernels
