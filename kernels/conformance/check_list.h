// SPDX-License-Identifier: Apache-2.0
// The conformance checks, one visible line each: which operator, which specification, which known
// answers, and how a line of them becomes a call. A check = its function plus a line in
// check_list.cpp; the self-test, the conformance program and the tests of all devices follow.
#pragma once

#include <span>
#include <string_view>

#include "kernels/conformance/golden.h"
#include "kernels/conformance/operator_device.h"

namespace reprotrain::kernels {

/// How else an operator may be computed without a change of bits. That runs, tiles, threads, streams,
/// processors and devices never matter is the promise of every operator and not listed.
struct Invariance {
  bool pieces;  ///< any part of the outputs may be computed by itself: batch, rows, shards of them
  bool order;   ///< terms may come in any order and any cut: threads, shards and ranks of a sum
  std::string_view meaning;  ///< in the words of the operator
};

struct ConformanceCheck {
  std::string_view operation;      ///< "matrix_product", "exp", ...
  std::string_view specification;  ///< id of docs/arithmetic.md
  std::string_view file;           ///< of golden_files()
  std::string_view kind;           ///< of its lines
  /// Writes what the device computes for `inputs` to `outputs`, one word for each of the line's;
  /// kNotCompared where the line holds another operator's answer. False: the device does not offer
  /// it. What the device throws is a failure of the device.
  bool (*run)(OperatorDevice& device, const Words& inputs, Words& outputs);
  Invariance invariance;
};

std::span<const ConformanceCheck> conformance_checks();

}  // namespace reprotrain::kernels
