// SPDX-License-Identifier: Apache-2.0
// Checkpoints: everything that training needs to go on, besides configuration and data.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reprotrain::engine {

/// Where training stands. Restoring it and going on gives the bits of never having stopped.
struct TrainingState {
  int64_t step = 0;           ///< finished optimizer steps
  int64_t epoch = 0;          ///< current epoch, from 0
  int64_t rows_in_epoch = 0;  ///< rows already used in it
  double epoch_loss_sum =
      0.0;                    ///< sum over the epoch's batches of mean loss * rows, in batch order
  bool finished = false;      ///< all epochs done, or stopped early
  std::string observer_mark;  ///< what RunObserver::checkpoint_due answered

  double best_value = 0.0;  ///< early stopping: best validation metric so far
  int64_t best_epoch = -1;  ///< -1: none yet
  std::vector<float> best_parameters;

  std::vector<float> parameters;
  std::vector<std::pair<std::string, std::vector<float>>> optimizer;  ///< state tensors by name
};

/// What a checkpoint belongs to. A checkpoint of anything else is never used.
struct CheckpointIdentity {
  std::string config;  ///< digest of what decides values besides the data
  std::string data;    ///< digest of the content ids of features, targets, split and row numbers
};

/// A folder of checkpoints, `step-<12 digits>/{state.h5,DONE}`. DONE is written last and holds the
/// SHA-256 of state.h5; a folder without it does not exist for resuming.
class CheckpointStore {
 public:
  CheckpointStore(std::string directory, CheckpointIdentity identity, int64_t n_kept);

  /// The file that holds the checkpoint of `step`, where there is one.
  std::string file_of(int64_t step) const;

  /// Writes atomically, then removes all but the newest `n_kept`. Returns the folder's path.
  std::string write(const TrainingState& state) const;

  /// The newest usable state, or nothing. Damaged folders are skipped with a call of `note`.
  /// Throws Error(kConfig / kData) when a sound checkpoint belongs to another configuration or data, and
  /// Error(kEvidence) naming the file when it is none that this program wrote.
  std::optional<TrainingState> read_newest(const std::function<void(std::string_view)>& note) const;

 private:
  std::string directory_;
  CheckpointIdentity identity_;
  int64_t n_kept_;
};

}  // namespace reprotrain::engine
