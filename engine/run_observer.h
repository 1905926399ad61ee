// SPDX-License-Identifier: Apache-2.0
// What the engine reports while it runs. The harness implements it: log, trace, progress, record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reprotrain::engine {

/// Named digests, in the order in which they came to be.
using NamedDigests = std::vector<std::pair<std::string, std::string>>;

/// A finished stage of a run ("data", "split", "features", "train", "evaluate") and what it produced.
struct StageReport {
  std::string name;
  NamedDigests digests;                                 ///< artefact -> digest
  std::vector<std::pair<std::string, int64_t>> counts;  ///< "rows", "features", ...
};

/// State after one optimizer step. Digests are present only on traced steps.
struct StepReport {
  int64_t step = 0;  ///< number of finished steps
  int64_t total_steps = 0;
  int64_t epoch = 0;   ///< from 0
  int64_t n_rows = 0;  ///< in the batch
  float loss = 0.0f;   ///< mean over the batch
  bool traced = false;
  std::string batch_digest;  ///< of the row indices
  NamedDigests tensors;      ///< parameter and optimizer-state tensors
};

/// End of an epoch.
struct EpochReport {
  int64_t epoch = 0;
  int64_t step = 0;                          ///< finished steps
  double train_loss = 0.0;                   ///< mean over the epoch's rows
  std::map<std::string, double> validation;  ///< metric -> value; empty without validation rows
  bool improved = false;                     ///< best so far (early stopping)
};

class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void stage_started(std::string_view name) = 0;
  virtual void stage_finished(const StageReport& report) = 0;
  /// Training is about to run from `first_step` finished steps on: 0, or the step of the checkpoint
  /// that is being resumed, whose `mark` is what checkpoint_due answered then. Everything reported for
  /// later steps is void and will be reported again.
  virtual void training_started(int64_t first_step, int64_t total_steps,
                                const std::string& mark) = 0;
  virtual void step_finished(const StepReport& report) = 0;
  virtual void epoch_finished(const EpochReport& report) = 0;
  /// A checkpoint is about to be written: whatever must never be older than it becomes durable now.
  /// The answer is stored in the checkpoint and handed to training_started on a resume.
  virtual std::string checkpoint_due(int64_t step) = 0;
  virtual void checkpoint_written(int64_t step, const std::string& directory) = 0;
  /// Something a reader of the log should know; never affects a value.
  virtual void note(std::string_view text) = 0;
  /// Asked after every step: true ends training with a checkpoint and Error(kInterrupted).
  virtual bool stop_requested() = 0;
};

}  // namespace reprotrain::engine
