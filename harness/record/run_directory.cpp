// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace fs = std::filesystem;

namespace {

bool is_run(const RunPaths& paths) {
  return fs::exists(paths.config) || fs::exists(paths.record) || fs::exists(paths.partial_record) ||
         fs::exists(paths.replaced);
}

/// What a process that was killed while writing a file leaves behind (engine/data/atomic_file.h).
bool is_temporary(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension.rfind(".tmp", 0) == 0 && extension.size() > 4 &&
         extension.find_first_not_of("0123456789", 4) == std::string::npos;
}

void remove_temporaries(const RunPaths& paths) {
  std::vector<fs::path> found;
  for (const std::string& folder : {paths.root, paths.result}) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file() && is_temporary(entry.path())) found.push_back(entry.path());
    }
  }
  for (const fs::path& path : found) fs::remove(path);
}

/// Absent, or holding nothing but a lock and empty folders: a run that was refused or died at once.
bool is_unused(const RunPaths& paths) {
  std::error_code code;
  if (!fs::exists(paths.root, code)) return true;
  for (const auto& entry : fs::directory_iterator(paths.root, code)) {
    const bool is_ours = entry.path() == fs::path(paths.lock) || is_temporary(entry.path()) ||
                         (entry.is_directory() && fs::is_empty(entry.path()));
    if (!is_ours) return false;
  }
  return !code;
}

void require_usable(const RunPaths& paths, OpenMode mode) {
  if (fs::exists(paths.root) && !fs::is_directory(paths.root)) {
    throw Error(ErrorKind::kUsage,
                paths.root + ": is a file, not a directory; choose another --out");
  }
  if (is_unused(paths)) return;
  if (mode == OpenMode::kNew) {
    throw Error(ErrorKind::kUsage,
                paths.root +
                    ": exists already; use --resume to go on with it, --force to replace it, "
                    "or choose another --out");
  }
  if (!is_run(paths)) {
    throw Error(ErrorKind::kUsage,
                paths.root +
                    ": is not empty and holds no run (no config.json or run.json), so it is "
                    "left alone; choose another --out");
  }
}

void remove_run(const RunPaths& paths) {
  // run.json goes first: a directory that is half removed is no finished run. config.json goes last:
  // until then it is still known as a run, and can be removed again.
  fs::remove(paths.record);
  fs::remove_all(paths.result);
  fs::remove_all(paths.checkpoints);
  for (const auto& path : {paths.partial_record, paths.log, paths.config}) fs::remove(path);
}

/// Moves everything that makes a run from one directory to another.
void move_run(const RunPaths& from, const RunPaths& to) {
  fs::create_directories(to.root);
  const auto move = [](const std::string& source, const std::string& target) {
    if (fs::exists(source)) fs::rename(source, target);
  };
  move(from.record, to.record);
  move(from.partial_record, to.partial_record);
  move(from.result, to.result);
  move(from.checkpoints, to.checkpoints);
  move(from.log, to.log);
  move(from.config, to.config);
}

}  // namespace

RunPaths::RunPaths(std::string root_directory) : root(std::move(root_directory)) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  record = root + "/run.json";
  partial_record = root + "/run.partial.json";
  config = root + "/config.json";
  result = root + "/result";
  trace = result + "/trace.jsonl";
  metrics = result + "/metrics.json";
  model = result + "/model.h5";
  features = result + "/features.h5";
  predictions = result + "/predictions.h5";
  checkpoints = root + "/checkpoints";
  log = root + "/log.txt";
  replaced = root + "/.replaced";
  lock = root + "/.lock";
}

RunDirectory::RunDirectory(const std::string& path, OpenMode mode) : paths_(path) {
  try {
    require_usable(paths_, mode);
    existed_ = fs::exists(paths_.root);
    fs::create_directories(paths_.root);
    acquire_lock();
    require_usable(paths_, mode);  // again, now that nobody else can change the answer
    remove_temporaries(paths_);
    fs::remove_all(paths_.replaced);
    if (mode == OpenMode::kForce && is_run(paths_)) move_run(paths_, RunPaths(paths_.replaced));
    has_begun_ = mode == OpenMode::kResume && is_run(paths_);
    fs::create_directories(paths_.result);
    fs::create_directories(paths_.checkpoints);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::kEnvironment,
                paths_.root + ": cannot create the run directory: " + error.code().message() +
                    "; choose an --out you may write to");
  }
}

RunDirectory::~RunDirectory() {
  if (lock_descriptor_ >= 0) ::close(lock_descriptor_);
}

void RunDirectory::settle() {
  std::error_code ignored;
  fs::remove_all(paths_.replaced, ignored);
}

void RunDirectory::give_up() {
  if (has_begun_) return;
  remove_run(paths_);
  if (fs::exists(paths_.replaced)) {
    move_run(RunPaths(paths_.replaced), paths_);
    fs::remove_all(paths_.replaced);
  } else {
    std::error_code ignored;
    fs::remove(paths_.lock, ignored);
    if (!existed_) fs::remove(paths_.root, ignored);
  }
}

void RunDirectory::acquire_lock() {
  lock_descriptor_ = ::open(paths_.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_descriptor_ < 0) {
    throw Error(ErrorKind::kEnvironment, paths_.lock + ": cannot create: " + std::strerror(errno) +
                                             "; choose an --out you may write to");
  }
  // The kernel drops the lock with the process, however it ends: no stale locks.
  if (::flock(lock_descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_descriptor_);
    lock_descriptor_ = -1;
    throw Error(ErrorKind::kEnvironment,
                paths_.root +
                    ": another process is writing this run; wait for it or choose another "
                    "--out");
  }
}

}  // namespace reprotrain::harness
