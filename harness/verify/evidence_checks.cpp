// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/evidence_checks.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "engine/data/atomic_file.h"
#include "engine/data/file_digest.h"
#include "engine/run_outputs.h"
#include "harness/record/canonical_json.h"
#include "harness/record/library_record.h"
#include "harness/record/result_id.h"
#include "harness/record/run_record.h"
#include "include/reprotrain/error.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::harness {

namespace {

using Json = nlohmann::json;

bool is_complete(const RunEvidence& evidence) {
  return evidence.record.value("status", "") == "complete";
}

Findings check_config(const RunEvidence& evidence) {
  const std::string expected = evidence.record.value("config_sha256", "");
  if (!std::filesystem::exists(evidence.paths.config)) {
    return {{"config", evidence.paths.config, expected, "missing"}};
  }
  const std::string actual = kernels::sha256_hex(engine::read_file(evidence.paths.config));
  if (actual != expected) return {{"config", evidence.paths.config, expected, actual}};
  const std::string recorded =
      kernels::sha256_hex(canonical_json(evidence.record.value("config", Json::object())));
  if (recorded != expected) return {{"config", "config in run.json", expected, recorded}};
  const std::string identity =
      kernels::sha256_hex(canonical_json(identity_part(evidence.record.at("config"))));
  const std::string claimed = evidence.record.value("identity_sha256", "");
  if (claimed != identity) return {{"config", "identity_sha256 in run.json", identity, claimed}};
  return {};
}

Findings check_claim(const RunEvidence& evidence) {
  const Json claim = evidence.record.value("claim", Json::object());
  const std::string mode = evidence.record.at("config").at("numerics").value("mode", "");
  const std::string claimed = claim.value("mode", ""), meaning = claim.value("meaning", "");
  if (claimed != mode) return {{"claim", "mode in run.json", mode, claimed}};
  if (meaning != meaning_of_claim(mode)) {
    return {{"claim", "meaning in run.json", meaning_of_claim(mode), meaning}};
  }
  const auto libraries = recorded_libraries(evidence.record, evidence.paths.record);
  if (mode == "portable") {
    if (!libraries) return {};
    return {{"claim", "libraries in run.json", "none in mode portable", "some"}};
  }
  if (!libraries) return {{"claim", "libraries in run.json", "those of the run", "missing"}};
  Findings findings;
  for (const char* const field : {"architecture", "multiprocessors", "cuda_runtime", "cublaslt"}) {
    const auto found = libraries->key.find(field);
    if (found == libraries->key.end() || found->second.empty()) {
      findings.push_back({"claim", std::string("key in run.json, ") + field, "a value", "missing"});
    }
  }
  if (is_complete(evidence) && libraries->algorithms.empty()) {
    findings.push_back({"claim", "algorithms in run.json", "those of the run", "none"});
  }
  return findings;
}

Findings check_files(const RunEvidence& evidence) {
  Findings findings;
  const Json recorded = evidence.record.value("files", Json::object());
  const Json found = result_file_digests(evidence.paths);
  for (const auto& [name, digest] : recorded.items()) {
    const std::string actual = found.value(name, "missing");
    if (actual != digest) findings.push_back({"files", name, digest.get<std::string>(), actual});
  }
  for (const auto& [name, digest] : found.items()) {
    if (!recorded.contains(name)) findings.push_back({"files", name, "no such file", digest});
  }
  return findings;
}

Findings check_trace(const RunEvidence& evidence) {
  const Json summary = evidence.record.value("trace", Json());
  if (summary.is_null()) return {};
  if (!evidence.trace.complaint.empty()) {
    return {{"trace", evidence.trace.complaint, "an unbroken chain", "a broken one"}};
  }
  const std::string expected = summary.value("head", "");
  if (evidence.trace.head != expected) {
    const std::string last = evidence.trace.entries.empty()
                                 ? "its beginning"
                                 : "step " + std::to_string(evidence.trace.entries.back().step);
    return {{"trace", evidence.paths.trace + " after " + last, expected, evidence.trace.head}};
  }
  return {};
}

Findings check_metrics(const RunEvidence& evidence) {
  if (!is_complete(evidence)) return {};
  Findings findings;
  const Json recorded = evidence.record.value("metrics", Json::object());
  for (const auto& [name, metric] : recorded.items()) {
    const Json value = metric.value("value", Json());
    const std::string bits = metric.value("bits", "");
    const std::string expected = value.is_number() ? metric_bits(value.get<double>()) : bits;
    if (bits != expected) findings.push_back({"metrics", "run.json, " + name, expected, bits});
  }
  const Json file = Json::parse(std::filesystem::exists(evidence.paths.metrics)
                                    ? engine::read_file(evidence.paths.metrics)
                                    : std::string(),
                                nullptr, false);
  if (!file.is_object() || file.value("metrics", Json()) != recorded) {
    findings.push_back({"metrics", evidence.paths.metrics, "the metrics of run.json", "others"});
  }
  return findings;
}

Findings check_result_id(const RunEvidence& evidence) {
  if (!is_complete(evidence)) return {};
  const std::string expected = evidence.record.value("result_id", "");
  const std::string actual = result_id(result_id_inputs(evidence.record));
  if (actual == expected) return {};
  return {{"result_id", "run.json", expected, actual}};
}

Findings check_outputs(const RunEvidence& evidence) {
  if (!is_complete(evidence)) return {};
  std::map<std::string, std::string> actual;
  try {
    actual = engine::output_content_ids(evidence.paths.result);
  } catch (const Error& error) {
    return {{"outputs", error.what(), "readable result files", "unreadable ones"}};
  }
  Findings findings;
  const Json recorded = evidence.record.value("outputs", Json::object());
  for (const auto& [name, id] : actual) {
    const std::string expected = recorded.value(name, "no such output");
    if (id != expected) findings.push_back({"outputs", name, expected, id});
  }
  const bool has_features = std::filesystem::exists(evidence.paths.features);
  for (const auto& [name, id] : recorded.items()) {
    const bool expected_in_a_file = has_features || name.rfind("features/", 0) != 0;
    if (expected_in_a_file && actual.count(name) == 0) {
      findings.push_back({"outputs", name, id.get<std::string>(), "in no file"});
    }
  }
  return findings;
}

}  // namespace

std::span<const EvidenceCheck> evidence_checks() {
  static constexpr std::array kChecks = {
      EvidenceCheck{"config", "config.json is the configuration that the record names",
                    check_config},
      EvidenceCheck{"claim",
                    "the claim is that of the configuration, with the device that it speaks of",
                    check_claim},
      EvidenceCheck{"files", "every file in result/ has the recorded SHA-256", check_files},
      EvidenceCheck{"trace", "the chain of trace.jsonl is whole and ends where recorded",
                    check_trace},
      EvidenceCheck{"metrics", "metrics.json and the record hold the same bits", check_metrics},
      EvidenceCheck{"outputs", "tensors in result/ have the recorded content ids", check_outputs},
      EvidenceCheck{"result_id", "the result id follows from the record", check_result_id},
  };
  return kChecks;
}

Findings check_evidence(const RunEvidence& evidence) {
  Findings findings;
  for (const EvidenceCheck& check : evidence_checks()) {
    Findings of_check = check.run(evidence);
    findings.insert(findings.end(), of_check.begin(), of_check.end());
  }
  return findings;
}

}  // namespace reprotrain::harness
