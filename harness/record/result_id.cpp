// SPDX-License-Identifier: Apache-2.0
#include "harness/record/result_id.h"

#include <charconv>
#include <cstdint>
#include <set>

#include "harness/config/run_config.h"
#include "harness/record/canonical_json.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::harness {
namespace {

constexpr const char* kDefinition = "rr1";

}  // namespace

ResultIdInputs result_id_inputs(const Json& record) {
  try {
    ResultIdInputs inputs;
    record.at("config").get_ref<const Json::object_t&>();  // throws for anything but an object
    inputs.config = identity_part(record.at("config"));
    record.at("claim").at("arithmetic").get_to(inputs.arithmetic);
    for (const Json& input : record.at("inputs")) {
      inputs.inputs[input.at("role").get<std::string>()] = input.at("content_id");
    }
    record.at("splits").get_to(inputs.splits);
    record.at("outputs").get_to(inputs.outputs);
    for (const auto& [name, metric] : record.at("metrics").items()) {
      inputs.metrics[name] = metric_from_bits(metric.at("bits"));
    }
    return inputs;
  } catch (const Json::exception& error) {
    throw Error(
        ErrorKind::kEvidence,
        std::string("run.json: the members that make up the result id are missing or damaged: ") +
            error.what());
  }
}

Json result_id_object(const ResultIdInputs& inputs) {
  Json metrics = Json::object();
  for (const auto& [name, value] : inputs.metrics) metrics[name] = metric_bits(value);
  return {{"definition", kDefinition},
          {"config", inputs.config},
          {"arithmetic", std::set<std::string>(inputs.arithmetic.begin(), inputs.arithmetic.end())},
          {"inputs", inputs.inputs},
          {"splits", inputs.splits},
          {"outputs", inputs.outputs},
          {"metrics", metrics}};
}

std::string result_id(const ResultIdInputs& inputs) {
  const std::string digest = kernels::sha256_hex(canonical_json(result_id_object(inputs)));
  return std::string(kDefinition) + ":" + digest;
}

std::string metric_bits(double value) {
  constexpr char kHex[] = "0123456789abcdef";
  const uint64_t bits = kernels::bits_of(kernels::canonical(value));
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kHex[(bits >> shift) & 15u];
  return text;
}

double metric_from_bits(const std::string& bits) {
  uint64_t value = 0;
  const char* const end = bits.data() + bits.size();
  const auto [stop, code] = std::from_chars(bits.data(), end, value, 16);
  const double metric = kernels::double_from_bits(value);
  if (code != std::errc() || stop != end || metric_bits(metric) != bits) {
    throw Error(ErrorKind::kEvidence,
                "\"" + bits + "\" is not a metric's 16 lower-case hexadecimal digits");
  }
  return metric;
}

}  // namespace reprotrain::harness
