// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/input_search.h"

#include <algorithm>
#include <filesystem>

#include "engine/data/dataset.h"
#include "engine/data/file_digest.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace fs = std::filesystem;

namespace {

struct WantedInput {
  std::string role;
  std::string content_id;
  std::string file_sha256;
  uintmax_t size_bytes = 0;
  std::string text;  ///< for messages
};

WantedInput wanted_input(const nlohmann::json& input) {
  WantedInput wanted;
  wanted.role = input.at("role").get<std::string>();
  wanted.content_id = input.at("content_id").get<std::string>();
  wanted.file_sha256 = input.at("file_sha256").get<std::string>();
  wanted.size_bytes = input.at("size_bytes").get<uintmax_t>();
  wanted.text = "input \"" + wanted.role + "\" (" + wanted.content_id + ", " +
                input.at("rows").dump() + " rows)";
  return wanted;
}

bool has_same_bytes(const std::string& path, const WantedInput& wanted) {
  std::error_code code;
  return fs::is_regular_file(path, code) && fs::file_size(path, code) == wanted.size_bytes &&
         engine::file_sha256(path) == wanted.file_sha256;
}

/// Content id of `path` read as this role, or the reason why it cannot be read.
std::string content_of(const std::string& path, const std::string& role,
                       const engine::DataConfig& recorded) {
  engine::DataConfig data = recorded;
  data.format = engine::DataFormat::kAuto;
  if (role == "labels") {
    data.labels = path;
  } else {
    data.source = path;
    data.labels.clear();  // each input has an identity of its own
  }
  try {
    for (const auto& input : engine::load_dataset(data).inputs) {
      if (input.role == role) return input.content_id;
    }
    return "no such role";
  } catch (const Error& error) {
    return error.what();
  }
}

void use(const std::string& path, const WantedInput& wanted, bool same_bytes,
         engine::DataConfig& data) {
  (wanted.role == "labels" ? data.labels : data.source) = path;
  if (!same_bytes) data.format = engine::DataFormat::kAuto;
}

bool use_if_same(const std::string& path, const WantedInput& wanted, bool read_content,
                 engine::DataConfig& data) {
  const bool same_bytes = has_same_bytes(path, wanted);
  if (!same_bytes && !(read_content && fs::is_regular_file(path) &&
                       content_of(path, wanted.role, data) == wanted.content_id)) {
    return false;
  }
  use(path, wanted, same_bytes, data);
  return true;
}

bool may_hold_a_table(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".csv" || extension == ".tsv" || extension == ".h5" || extension == ".hdf5" ||
         extension == ".gz" || extension == ".idx";
}

/// Files below `root` in a fixed order: those with the same bytes first, then by content.
bool search_root(const std::string& root, const WantedInput& wanted, engine::DataConfig& data) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator
           iterator(root, fs::directory_options::skip_permission_denied, code),
       end;
       !code && iterator != end; iterator.increment(code)) {
    if (iterator->is_regular_file()) files.push_back(iterator->path());
  }
  std::sort(files.begin(), files.end());
  for (const bool read_content : {false, true}) {
    for (const fs::path& file : files) {
      if (read_content && !may_hold_a_table(file)) continue;
      if (use_if_same(file.string(), wanted, read_content, data)) return true;
    }
  }
  return false;
}

void locate(const WantedInput& wanted, const nlohmann::json& recorded_paths,
            const InputPlaces& places, engine::DataConfig& data) {
  const auto named = places.path_of_role.find(wanted.role);
  if (named != places.path_of_role.end()) {
    if (use_if_same(named->second, wanted, /*read_content=*/true, data)) return;
    throw Error(ErrorKind::kInconclusive, named->second + ": is not " + wanted.text + " but " +
                                              content_of(named->second, wanted.role, data) +
                                              "; name the right file with --data " + wanted.role +
                                              "=PATH");
  }
  const std::string recorded = recorded_paths.value(wanted.role, "");
  if (!recorded.empty() && use_if_same(recorded, wanted, /*read_content=*/true, data)) return;
  if (!places.root.empty() && search_root(places.root, wanted, data)) return;
  throw Error(ErrorKind::kInconclusive,
              wanted.text + " was not found at " + (recorded.empty() ? "any path" : recorded) +
                  (places.root.empty() ? "" : " or below " + places.root) +
                  "; name it with --data " + wanted.role + "=PATH or --data-root DIR");
}

}  // namespace

std::map<std::string, std::string> parse_role_paths(const std::vector<std::string>& arguments) {
  std::map<std::string, std::string> paths;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == argument.size()) {
      throw Error(ErrorKind::kUsage,
                  "--data " + argument + ": write ROLE=PATH, for example --data source=table.csv");
    }
    const std::string role = argument.substr(0, equals);
    if (role != "source" && role != "labels") {
      throw Error(ErrorKind::kUsage, "--data " + argument + ": the role must be source or labels");
    }
    paths[role] = argument.substr(equals + 1);
  }
  return paths;
}

void locate_inputs(const RunEvidence& evidence, const InputPlaces& places, RunConfig& config) {
  const auto unstable = evidence.record.value("volatile", nlohmann::json::object());
  const auto paths = unstable.value("paths", nlohmann::json::object());
  for (const auto& input : evidence.record.value("inputs", nlohmann::json::array())) {
    locate(wanted_input(input), paths, places, config.data);
  }
}

}  // namespace reprotrain::harness
