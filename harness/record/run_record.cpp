// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_record.h"

#include <cmath>
#include <filesystem>

#include "engine/data/atomic_file.h"
#include "engine/data/file_digest.h"
#include "harness/record/canonical_json.h"
#include "harness/record/result_id.h"
#include "include/reprotrain/error.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::harness {

std::string record_digest(const nlohmann::json& record) {
  nlohmann::json rest = record;
  rest.erase("record_sha256");
  return kernels::sha256_hex(canonical_json(rest));
}

void write_record(nlohmann::json record, const std::string& path) {
  record["record_sha256"] = record_digest(record);
  engine::write_file_atomically(path, pretty_json(record));
}

nlohmann::json read_record(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorKind::kUsage,
                path +
                    ": does not exist; the run has not finished (go on with --resume) or this is "
                    "no run directory");
  }
  // Strict: of two members with one name, readers disagree which one counts.
  JsonLimits limits;
  limits.size_bytes = size_t{256} << 20;
  const nlohmann::json record =
      parse_json(engine::read_file(path), path, ErrorKind::kEvidence, limits).value;
  if (!record.is_object()) {
    throw Error(ErrorKind::kEvidence, path + ": is no record; it was damaged or edited");
  }
  if (record.value("record_version", nlohmann::json()) != kRecordVersion) {
    throw Error(ErrorKind::kInconclusive,
                path + ": has record_version " +
                    record.value("record_version", nlohmann::json()).dump() +
                    " but this program reads " + std::to_string(kRecordVersion) +
                    "; use the program version that wrote it");
  }
  if (record.value("record_sha256", nlohmann::json()) != record_digest(record)) {
    throw Error(
        ErrorKind::kEvidence,
        path + ": record_sha256 does not match its content; the record was damaged or edited");
  }
  return record;
}

nlohmann::json with_valid_utf8(const nlohmann::json& json) {
  return nlohmann::json::parse(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

RunConfig recorded_config(const nlohmann::json& record, const std::string& base_directory) {
  const std::string text = record.value("config", nlohmann::json::object()).dump();
  try {
    return run_config_from_json(parse_json(text, "config in run.json"), base_directory);
  } catch (const Error& error) {
    // The record's own digest holds, so it was not damaged: another version wrote it.
    throw Error(ErrorKind::kInconclusive,
                std::string(error.what()) + "; use the program version that wrote the record");
  }
}

nlohmann::json metrics_json(const std::map<std::string, double>& metrics) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, value] : metrics) {
    json[name] = {{"bits", metric_bits(value)},
                  {"value", std::isfinite(value) ? nlohmann::json(value) : nlohmann::json()}};
  }
  return json;
}

nlohmann::json metrics_file(const engine::RunResult& result) {
  nlohmann::json json = {{"metrics", metrics_json(result.metrics)}};
  if (result.classes.empty()) return json;
  json["classes"] = result.classes;
  const size_t n_classes = result.classes.size();
  for (const auto& [part, counts] : result.confusion) {
    nlohmann::json rows = nlohmann::json::array();
    for (size_t row = 0; row < n_classes; ++row) {
      const auto begin = counts.begin() + static_cast<std::ptrdiff_t>(row * n_classes);
      rows.push_back(std::vector<int64_t>(begin, begin + static_cast<std::ptrdiff_t>(n_classes)));
    }
    json["confusion"][part] = rows;
  }
  return json;
}

nlohmann::json result_file_digests(const RunPaths& paths) {
  nlohmann::json digests = nlohmann::json::object();
  if (!std::filesystem::is_directory(paths.result)) return digests;
  for (const auto& entry : std::filesystem::directory_iterator(paths.result)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file())
      digests["result/" + name] = engine::file_sha256(entry.path().string());
  }
  return digests;
}

}  // namespace reprotrain::harness
