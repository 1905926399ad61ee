// SPDX-License-Identifier: Apache-2.0
// reprotrain env: this build, this machine, and what is missing between them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/cli/env_report.h"
#include "harness/record/environment.h"
#include "harness/record/run_record.h"

namespace reprotrain::harness {

void add_env(CLI::App& app, Command& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand(
      "env", "Print what this build and this machine have, and what a missing part costs");
  verb->add_flag("--json", *json, "For machines");
  verb->callback([&chosen, json] {
    chosen = [json] {
      // First the environment: what a record would say of a process that has not looked for GPUs.
      const Json environment = environment_json();
      const Json report = with_valid_utf8(env_report(environment, look_for_gpu_support()));
      const std::string text = *json ? report.dump(2) + "\n" : env_table(report);
      std::fputs(text.c_str(), stdout);
      return ExitCode::kSuccess;
    };
  });
}

}  // namespace reprotrain::harness
