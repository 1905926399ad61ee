// SPDX-License-Identifier: Apache-2.0
// reprotrain diff RUN_A RUN_B: what could have caused a difference, and what differs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/verify/run_diff.h"

namespace reprotrain::harness {

namespace {

struct DiffOptions {
  std::string run_a;
  std::string run_b;
  bool json = false;
};

}  // namespace

void add_diff(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* verb = app.add_subcommand(
      "diff", "Compare two runs by their records: candidate causes, then observed effects");
  verb->add_option("run_a", options->run_a, "Directory of a finished run")
      ->required()
      ->type_name("RUN_A");
  verb->add_option("run_b", options->run_b, "Directory of another one")
      ->required()
      ->type_name("RUN_B");
  verb->add_flag("--json", options->json, "For machines");
  verb->callback([&chosen, options] {
    chosen = [options] {
      const RunDiff diff = diff_runs(options->run_a, options->run_b);
      const std::string text =
          options->json ? run_diff_json(diff).dump(2) + "\n" : run_diff_text(diff);
      std::fputs(text.c_str(), stdout);
      return diff.verdict();
    };
  });
}

}  // namespace reprotrain::harness
