// SPDX-License-Identifier: Apache-2.0
#include "harness/record/library_record.h"

#include <algorithm>
#include <filesystem>

#include "engine/data/atomic_file.h"
#include "harness/record/run_record.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace {

using Json = nlohmann::json;

constexpr const char* kMember = "libraries";

bool convolves(const std::vector<engine::LayerConfig>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const engine::LayerConfig& layer) {
    return layer.kind == engine::LayerKind::kConv2d || convolves(layer.branch) ||
           convolves(layer.shortcut);
  });
}

}  // namespace

Json libraries_json(const engine::LibraryReport& report) {
  return {{"key", report.key}, {"algorithms", report.algorithms}};
}

std::string meaning_of_claim(const std::string& mode) {
  return mode == "portable" ? "the same bits on any 64-bit little-endian machine"
                            : "the same bits on any device with the key in member libraries";
}

std::optional<engine::LibraryReport> recorded_libraries(const Json& record,
                                                        const std::string& path) {
  if (!record.contains(kMember)) return std::nullopt;
  try {
    engine::LibraryReport report;
    record.at(kMember).at("key").get_to(report.key);
    record.at(kMember).at("algorithms").get_to(report.algorithms);
    return report;
  } catch (const Json::exception&) {
    throw Error(
        ErrorKind::kEvidence,
        path + ": member libraries is not as it was written; the record was damaged or edited");
  }
}

std::optional<engine::LibraryReport> begun_libraries(const RunConfig& config,
                                                     const RunPaths& paths) {
  namespace fs = std::filesystem;
  const bool has_checkpoint =
      fs::is_directory(paths.checkpoints) && !fs::is_empty(paths.checkpoints);
  if (config.numerics.is_portable() || !has_checkpoint) return std::nullopt;
  const Json record = fs::exists(paths.partial_record)
                          ? Json::parse(engine::read_file(paths.partial_record), nullptr, false)
                          : Json();
  const bool is_whole =
      record.is_object() && record.value("record_sha256", Json()) == record_digest(record);
  const auto begun = is_whole ? recorded_libraries(record, paths.partial_record) : std::nullopt;
  if (begun) return begun;
  throw Error(
      ErrorKind::kEvidence,
      paths.partial_record +
          ": does not say what computed the checkpoints, so the run cannot go on in the same "
          "way; start over with --force");
}

std::optional<engine::LibraryRequest> library_request(
    const RunConfig& config, const std::optional<engine::LibraryReport>& recorded,
    bool only_recorded) {
  if (config.numerics.is_portable()) return std::nullopt;
  engine::LibraryRequest request;
  request.precision = kernels::library_precision_called(config.numerics.precision).value();
  request.convolves = convolves(config.model.layers);
  if (recorded) request.recorded = recorded->algorithms;
  request.only_recorded = only_recorded;
  return request;
}

std::string key_difference(const std::optional<engine::LibraryReport>& recorded,
                           const engine::ComputeDevice& device) {
  const std::optional<engine::LibraryReport> here = device.library_report();
  return recorded && here ? engine::difference_of(recorded->key, here->key) : std::string();
}

}  // namespace reprotrain::harness
