// SPDX-License-Identifier: Apache-2.0
// The identity of a result: equal for two honest runs on any two machines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/config/json_value.h"

namespace reprotrain::harness {

/// Everything that enters a result id (docs/run-record.md, "result_id"), and nothing else does.
struct ResultIdInputs {
  Json config;                                 ///< identity keys of the resolved configuration
  std::vector<std::string> arithmetic;         ///< ids of arithmetic definitions, in any order
  std::map<std::string, std::string> inputs;   ///< role -> content id
  std::map<std::string, std::string> splits;   ///< train, validation, test -> content id
  std::map<std::string, std::string> outputs;  ///< tensor -> content id
  std::map<std::string, double> metrics;       ///< name -> value; NaN is the canonical one
};

/// What a record (run.json, finished) says about them. Throws Error(kEvidence) when a member is
/// missing or has another form.
ResultIdInputs result_id_inputs(const Json& record);

/// The object that definition rr1 digests.
Json result_id_object(const ResultIdInputs& inputs);

/// "rr1:" and 64 hexadecimal digits.
std::string result_id(const ResultIdInputs& inputs);

/// 16 lower-case hexadecimal digits of the bits of `value`; every NaN is 7ff8000000000000.
std::string metric_bits(double value);

/// The value that metric_bits() wrote. Throws Error(kEvidence) for anything else.
double metric_from_bits(const std::string& bits);

}  // namespace reprotrain::harness
