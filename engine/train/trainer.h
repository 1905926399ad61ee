// SPDX-License-Identifier: Apache-2.0
// The training loop: epochs, batches, steps, early stopping, checkpoints, trace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "engine/features/feature_rows.h"
#include "engine/models/network.h"
#include "engine/run_observer.h"
#include "engine/train/checkpoint.h"
#include "engine/train/targets.h"
#include "engine/train/train_config.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

/// Training met a loss that is not finite.
class DivergedError : public Error {
 public:
  DivergedError(int64_t step, float loss);
  int64_t step() const noexcept { return step_; }
  float loss() const noexcept { return loss_; }

 private:
  int64_t step_;
  float loss_;
};

/// What to train on; borrowed for the trainer's life.
struct TrainingData {
  FeatureRows& features;
  const Target& target;
  std::span<const int64_t> train_rows;
  std::span<const int64_t> validation_rows;
};

/// When to report digests and when to write checkpoints; neither reaches a value.
struct TrainingStrides {
  int64_t trace = 10;        ///< digests every so many steps, and at the end of every epoch
  int64_t checkpoint = 500;  ///< a checkpoint every so many steps; 0: only at the end and on a stop
};

/// How training ended.
struct TrainingSummary {
  int64_t steps = 0;
  int64_t epochs = 0;
  int64_t best_epoch = -1;  ///< from 0; -1 without early stopping
};

/// Validation metric value of a network, for early stopping and reports.
using Evaluate = std::function<std::map<std::string, double>(const Network&)>;

class Trainer {
 public:
  /// Trains on the device of `network`.
  Trainer(const TrainConfig& config, uint64_t seed, const TrainingData& data, Network& network);
  ~Trainer();

  int64_t steps_per_epoch() const;
  int64_t total_steps() const;

  /// Trains to the end, from the newest checkpoint in `store` if `resume`. The network then holds the
  /// final parameters: the best ones with early stopping. Throws DivergedError (checkpoints
  /// of earlier steps stay), and Error(kInterrupted) after writing a checkpoint when the observer asks to stop.
  TrainingSummary train(const CheckpointStore& store, bool resume, const TrainingStrides& strides,
                        const Evaluate& evaluate_validation, RunObserver& observer);

 private:
  struct Run;
  const TrainConfig& config_;
  uint64_t seed_;
  TrainingData data_;
  Network& network_;
};

}  // namespace reprotrain::engine
