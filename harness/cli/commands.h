// SPDX-License-Identifier: Apache-2.0
// The program's commands. Each adds its options to the command line and, when it is the one that was
// asked for, puts what is to be done into `chosen`.
#pragma once

#include <functional>

#include "include/reprotrain/error.h"

namespace CLI {
class App;
}

namespace reprotrain::harness {

using Command = std::function<ExitCode()>;

/// Bound of --threads; beyond it a number is a slip.
inline constexpr int kLargestThreadCount = 4096;

void add_run(CLI::App& app, Command& chosen);  // no subcommand: reprotrain --config FILE
void add_verify(CLI::App& app, Command& chosen);
void add_diff(CLI::App& app, Command& chosen);
void add_features(CLI::App& app, Command& chosen);
void add_predict(CLI::App& app, Command& chosen);
void add_data(CLI::App& app, Command& chosen);
void add_env(CLI::App& app, Command& chosen);
void add_selftest(CLI::App& app, Command& chosen);

}  // namespace reprotrain::harness
