// SPDX-License-Identifier: Apache-2.0
// The one exception type of reprotrain, and the exit codes of its program.
#pragma once

#include <stdexcept>
#include <string>

namespace reprotrain {

/// Exit codes of the `reprotrain` program. They are part of its interface: scripts rely on them.
enum class ExitCode : int {
  kSuccess = 0,       ///< done, or: the bits are the same
  kBitsDiffer = 1,    ///< a re-execution gave other bits
  kError = 2,         ///< usage, configuration, data or environment trouble
  kInconclusive = 3,  ///< nothing could be decided: a claim or an input does not cover this machine
  kInvalidEvidence = 4,    ///< a record contradicts itself or the files it describes
  kQualityGateFailed = 5,  ///< the run is sound but a required quality was not reached
  kInterrupted = 130,      ///< stopped by a signal; the run can be resumed
};

/// What went wrong, seen by the person who has to mend it.
enum class ErrorKind {
  kUsage,         ///< command line
  kConfig,        ///< configuration file or `--set`
  kData,          ///< a dataset or another input file
  kEnvironment,   ///< disk, permissions, memory, device, library
  kDiverged,      ///< training produced a non-finite loss
  kInconclusive,  ///< verification cannot decide on this machine
  kEvidence,      ///< a run directory was damaged or edited
  kInterrupted,   ///< a signal asked the run to stop
};

/// A broken environment or a broken input, as one sentence that names file, place and remedy.
///
/// Broken callers are assertions, never an Error; two runs that differ are a returned Finding,
/// never an Error. Only the command line catches it, prints the sentence and exits with
/// `exit_code()`.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& sentence) : std::runtime_error(sentence), kind_(kind) {}

  ErrorKind kind() const noexcept { return kind_; }

  ExitCode exit_code() const noexcept {
    switch (kind_) {
      case ErrorKind::kInconclusive:
        return ExitCode::kInconclusive;
      case ErrorKind::kEvidence:
        return ExitCode::kInvalidEvidence;
      case ErrorKind::kInterrupted:
        return ExitCode::kInterrupted;
      default:
        return ExitCode::kError;
    }
  }

 private:
  ErrorKind kind_;
};

}  // namespace reprotrain
