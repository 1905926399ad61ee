// SPDX-License-Identifier: Apache-2.0
// Compares the first estimates, quick ones and those in binary32 pairs, with the binary64 path, quickly
// enough for all arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace reprotrain::oracle {

struct EstimateTally {
  uint64_t n_arguments = 0;
  uint64_t n_undecided = 0;
  /// Decided, but not as the binary64 path says.
  uint64_t n_mismatches = 0;
  /// Farther from the binary64 estimate than both errors claimed.
  uint64_t n_beyond_bound = 0;
  /// The largest distance from the binary64 estimate less the error claimed for that, in units of the error
  /// claimed for the first.
  double worst_share_of_bound = 0.0;

  void add(const EstimateTally& other);
};

/// Told about every argument with a mismatch or beyond the bound.
using EstimateListener = std::function<void(float x, uint32_t ours, uint32_t binary64)>;

/// Checks the arguments of the function called `name` whose bits are begin, begin + stride, ... below
/// `end`. The fma is the processor's where its vectors have one.
EstimateTally check_pairs(const std::string& name, uint64_t begin, uint64_t end, uint64_t stride,
                          const EstimateListener& listener);

/// The same for the quick estimates, once with the fma of the processor, where its vectors have one, and once with
/// AnyMultiplyAdd; what is undecided is counted in the first of them.
EstimateTally check_quick(const std::string& name, uint64_t begin, uint64_t end, uint64_t stride,
                          const EstimateListener& listener);

}  // namespace reprotrain::oracle
