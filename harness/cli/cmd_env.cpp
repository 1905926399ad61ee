// SPDX-License-Identifier: Apache-2.0
// reprotrain env: what a record would say about this machine and this build.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "harness/cli/commands.h"
#include "harness/record/environment.h"

namespace reprotrain::harness {

void add_env(CLI::App& app, Command& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("env", "Print what a record would say about this machine");
  verb->add_flag("--json", *json, "For machines");
  verb->callback([&chosen, json] {
    chosen = [json] {
      const Json environment = environment_json();
      std::printf("%s\n",
                  *json ? environment.dump(2).c_str() : environment_table(environment).c_str());
      return ExitCode::kSuccess;
    };
  });
}

}  // namespace reprotrain::harness
