// SPDX-License-Identifier: Apache-2.0
// Mode `device`: products of a device's own libraries, whose bits repeat on one kind of device with one
// set of library versions. What is asked for, and what is then put on record.
// See also: docs/device-mode.md.
#pragma once

#include <map>
#include <string>

#include "kernels/library/algorithm_choices.h"
#include "kernels/library/library_precision.h"

namespace reprotrain::engine {

using kernels::AlgorithmChoices;

/// What a run in mode `device` asks of its device.
struct LibraryRequest {
  kernels::LibraryPrecision precision = kernels::LibraryPrecision::kFp32;
  bool convolves = false;      ///< the model has convolutions
  AlgorithmChoices recorded;   ///< chosen by an earlier run, to be used again
  bool only_recorded = false;  ///< refuse operations that `recorded` lacks: they cannot be the same
};

/// All that the bits of a library's products depend on, but for its algorithms: architecture,
/// multiprocessors, MIG slice, versions, variables. Field -> value.
using DeviceKey = std::map<std::string, std::string>;

/// What computed the products of a run.
struct LibraryReport {
  DeviceKey key;
  AlgorithmChoices algorithms;  ///< of every operation so far
};

/// The environment variables that are set and change the bits of these libraries, as "NAME=value ...";
/// "" where there are none.
std::string variables_of_libraries();

/// Throws Error(kConfig), with a sentence, where such a variable contradicts the precision.
void require_no_contradiction(kernels::LibraryPrecision precision);

/// The fields in which two keys differ, for a sentence: "cublaslt: 130100 there, 130200 here"; "" where
/// they are equal.
std::string difference_of(const DeviceKey& there, const DeviceKey& here);

}  // namespace reprotrain::engine
