// SPDX-License-Identifier: Apache-2.0
// A run directory: where its files are, and who may write to it.
#pragma once

#include <string>

namespace reprotrain::harness {

/// Names inside a run directory (docs/run-record.md).
struct RunPaths {
  explicit RunPaths(std::string root_directory);

  std::string root;
  std::string record;          ///< run.json, written last
  std::string partial_record;  ///< run.partial.json until then
  std::string config;          ///< config.json, resolved and canonical
  std::string result;          ///< result/
  std::string trace;           ///< result/trace.jsonl
  std::string metrics;         ///< result/metrics.json
  std::string model;           ///< result/model.h5
  std::string features;        ///< result/features.h5
  std::string predictions;     ///< result/predictions.h5
  std::string checkpoints;     ///< checkpoints/
  std::string log;             ///< log.txt
  std::string replaced;  ///< .replaced/, the run that kForce replaces, until the new one stands
  std::string lock;      ///< .lock, held while a process writes
};

/// What to do when the directory exists.
enum class OpenMode {
  kNew,     ///< refuse anything but an absent or empty directory
  kResume,  ///< go on with the run that is there; an absent directory starts a new one
  kForce,   ///< replace the run that is there; refuses a directory that is no run
};

/// Creates or opens a run directory and holds its lock for the object's life.
///
/// Throws Error(kUsage) when the directory exists and the mode does not allow it,
/// Error(kEnvironment) when it cannot be created or another process holds the lock.
class RunDirectory {
 public:
  RunDirectory(const std::string& path, OpenMode mode);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const RunPaths& paths() const { return paths_; }
  /// True when kResume found a run that has begun.
  bool has_begun() const { return has_begun_; }

  /// The new run stands: what kForce has put aside goes for good.
  void settle();
  /// The new run came to nothing (its data could not be read, say): removes what it left, and puts back
  /// what was there before. Does nothing to a run that was resumed.
  void give_up();

 private:
  void acquire_lock();

  RunPaths paths_;
  int lock_descriptor_ = -1;
  bool has_begun_ = false;
  bool existed_ = false;  ///< before this process came
};

}  // namespace reprotrain::harness
