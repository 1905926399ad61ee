// SPDX-License-Identifier: Apache-2.0
#include "engine/train/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/data/atomic_file.h"
#include "engine/data/file_digest.h"
#include "engine/data/stored_group.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kFormatVersion = 1;
constexpr const char* kPrefix = "step-";
constexpr const char* kStateFile = "state.h5";

std::string folder_name(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "%s%012lld", kPrefix, static_cast<long long>(step));
  return name;
}

/// Folders that carry a DONE marker, oldest first.
std::vector<fs::path> finished_folders(const std::string& directory) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kPrefix, 0) == 0 && fs::exists(entry.path() / "DONE")) {
      folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

Array array_of(const std::vector<float>& values) {
  return Array::of(std::span<const float>(values), {static_cast<int64_t>(values.size())});
}

std::vector<float> stored_floats(const StoredGroup& group, const std::string& name) {
  const auto view = group.list(name, ElementType::kFloat32).floats();
  return {view.begin(), view.end()};
}

Hdf5Node tree_of(const TrainingState& state, const CheckpointIdentity& identity) {
  Hdf5Node root;
  root.attributes["reprotrain_checkpoint"] = Array::scalar(kFormatVersion);
  root.attributes["config"] = Array::scalar(identity.config);
  root.attributes["data"] = Array::scalar(identity.data);
  root.attributes["step"] = Array::scalar(state.step);
  root.attributes["epoch"] = Array::scalar(state.epoch);
  root.attributes["rows_in_epoch"] = Array::scalar(state.rows_in_epoch);
  root.attributes["epoch_loss_sum"] = Array::scalar(state.epoch_loss_sum);
  root.attributes["finished"] = Array::scalar(static_cast<int64_t>(state.finished));
  root.attributes["observer_mark"] = Array::scalar(state.observer_mark);
  root.attributes["best_value"] = Array::scalar(state.best_value);
  root.attributes["best_epoch"] = Array::scalar(state.best_epoch);
  root.set_dataset("parameters", array_of(state.parameters));
  root.set_dataset("best_parameters", array_of(state.best_parameters));
  Hdf5Node& optimizer = root.at_or_create("optimizer");
  for (const auto& [name, values] : state.optimizer) optimizer.set_dataset(name, array_of(values));
  return root;
}

void collect_optimizer(const StoredGroup& group, const std::string& prefix, TrainingState& state) {
  for (const auto& [name, child] : group.node().children) {
    if (child.is_dataset) {
      state.optimizer.emplace_back(prefix + name, stored_floats(group, name));
    } else {
      collect_optimizer(group.group(name), prefix + name + "/", state);
    }
  }
}

TrainingState state_in(const StoredGroup& root) {
  TrainingState state;
  state.step = root.integer("step");
  state.epoch = root.integer("epoch");
  state.rows_in_epoch = root.integer("rows_in_epoch");
  state.epoch_loss_sum = root.real("epoch_loss_sum");
  state.finished = root.integer("finished") != 0;
  state.observer_mark = root.text("observer_mark");
  state.best_value = root.real("best_value");
  state.best_epoch = root.integer("best_epoch");
  state.parameters = stored_floats(root, "parameters");
  state.best_parameters = stored_floats(root, "best_parameters");
  collect_optimizer(root.group("optimizer"), "", state);
  return state;
}

/// The checkpoint in `folder`, or nothing (and a note) when its bytes are not the ones written.
std::optional<Hdf5Node> read_if_sound(const fs::path& folder,
                                      const std::function<void(std::string_view)>& note) {
  const std::string file = (folder / kStateFile).string();
  try {
    if (file_sha256(file) + "\n" == read_file((folder / "DONE").string())) return read_hdf5(file);
    note(folder.string() + " is damaged (its SHA-256 is not the one in DONE) and is skipped");
  } catch (const Error& error) {
    note(std::string(error.what()) + "; this checkpoint is skipped");
  }
  return std::nullopt;
}

void require_same_origin(const StoredGroup& root, const CheckpointIdentity& identity) {
  const std::string& file = root.file().path;
  if (root.integer("reprotrain_checkpoint") != kFormatVersion) {
    throw Error(ErrorKind::kEvidence,
                file + ": was written in another format; resume with the version that wrote it");
  }
  if (root.text("config") != identity.config) {
    throw Error(ErrorKind::kConfig,
                file +
                    ": written under another configuration or by a version with other arithmetic; "
                    "resume with the original one or start over with --force");
  }
  if (root.text("data") != identity.data) {
    throw Error(ErrorKind::kData,
                file +
                    ": written with other data than the configured source holds now; restore the "
                    "data or start over with --force");
  }
}

}  // namespace

CheckpointStore::CheckpointStore(std::string directory, CheckpointIdentity identity, int64_t n_kept)
    : directory_(std::move(directory)),
      identity_(std::move(identity)),
      n_kept_(std::max<int64_t>(n_kept, 1)) {}

std::string CheckpointStore::file_of(int64_t step) const {
  return (fs::path(directory_) / folder_name(step) / kStateFile).string();
}

std::string CheckpointStore::write(const TrainingState& state) const {
  const fs::path folder = fs::path(directory_) / folder_name(state.step);
  std::error_code code;
  fs::remove_all(folder, code);  // what a killed process may have left
  fs::create_directories(folder, code);
  if (code) {
    throw Error(ErrorKind::kEnvironment, folder.string() + ": cannot create: " + code.message() +
                                             "; check the disk and its permissions");
  }
  const std::string file = (folder / kStateFile).string();
  write_hdf5(tree_of(state, identity_), file);
  write_file_atomically((folder / "DONE").string(), file_sha256(file) + "\n");
  sync_directory(directory_);  // the new folder is there for good before an old one goes

  const auto folders = finished_folders(directory_);
  for (size_t i = 0; i + static_cast<size_t>(n_kept_) < folders.size(); ++i) {
    fs::remove(folders[i] / "DONE", code);
    fs::remove_all(folders[i], code);
  }
  return folder.string();
}

std::optional<TrainingState> CheckpointStore::read_newest(
    const std::function<void(std::string_view)>& note) const {
  const auto folders = finished_folders(directory_);
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    const std::optional<Hdf5Node> root = read_if_sound(*folder, note);
    if (!root) continue;
    const StoredFile file{(*folder / kStateFile).string(), "checkpoint"};
    const StoredGroup group(*root, file);
    require_same_origin(group, identity_);
    TrainingState state = state_in(group);
    if (folder->filename() != folder_name(state.step)) {
      file.refuse("it is of step " + std::to_string(state.step) + ", its folder of another one");
    }
    return state;
  }
  return std::nullopt;
}

}  // namespace reprotrain::engine
