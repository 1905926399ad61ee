// SPDX-License-Identifier: Apache-2.0
// trace.jsonl: what every traced step produced, chained so that no line can be changed alone.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "engine/run_observer.h"

namespace reprotrain::harness {

/// One line: a traced step (epoch_end false) or the end of an epoch.
struct TraceEntry {
  bool epoch_end = false;
  int64_t step = 0;
  int64_t epoch = 0;
  std::string loss;              ///< hexadecimal float; mean of the batch, or of the epoch
  std::string batch;             ///< digest of the batch's row indices; empty for an epoch end
  engine::NamedDigests tensors;  ///< tensor -> digest, or metric -> hexadecimal float
  std::string chain;             ///< SHA-256 over the previous chain value and this line
};

/// "-0x1.8p-3", exact, locale-free; "nan", "inf", "-inf".
std::string hex_float(double value);

/// A trace file whose chain has been followed as far as it holds.
struct ReadTrace {
  std::vector<TraceEntry> entries;
  std::string head;       ///< chain value after the last sound line
  std::string complaint;  ///< empty, or a sentence naming the first unsound line
  int64_t sound_bytes = 0;
  std::vector<int64_t> end_of_entry;  ///< file size after each entry
};

ReadTrace read_trace(const std::string& path);

/// Appends to a trace file.
class TraceWriter {
 public:
  /// Opens `path` and cuts it back to the entries of the first `first_step` steps, so that a resumed
  /// run leaves the file of a run that was never interrupted. Throws Error(kEvidence) when these do not
  /// end in the chain value `head` (which a new trace, first_step 0, does not need).
  TraceWriter(const std::string& path, int64_t first_step, const std::string& head);

  void append_step(const engine::StepReport& report);
  void append_epoch(const engine::EpochReport& report);
  /// Hands buffered lines to the operating system; throws Error(kEnvironment) when the disk is
  /// full.
  void flush();
  /// flush, and wait until the lines are on the disk.
  void sync();
  const std::string& head() const { return head_; }

 private:
  void append(TraceEntry entry);

  std::string path_;
  std::ofstream stream_;
  std::string head_;
};

}  // namespace reprotrain::harness
