// SPDX-License-Identifier: Apache-2.0
// reprotrain selftest: every operator of this machine against the known answers.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "engine/device/cpu_threads.h"
#include "harness/cli/commands.h"
#include "kernels/base/cpu_path.h"
#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cpu_device.h"

namespace reprotrain::harness {
namespace {

struct SelftestOptions {
  std::vector<std::string> paths;
  int n_threads = 0;
  bool json = false;
};

kernels::CpuPath path_named(const std::string& name) {
  std::string available;
  for (const kernels::CpuPath path : kernels::available_cpu_paths()) {
    if (name_of(path) == name) return path;
    available += (available.empty() ? "" : ", ") + std::string(name_of(path));
  }
  throw Error(ErrorKind::kUsage, "--path " + name + ": this processor has " + available);
}

std::vector<kernels::CpuPath> chosen_paths(const std::vector<std::string>& names) {
  const auto available = kernels::available_cpu_paths();
  if (names.empty()) return {available.begin(), available.end()};
  std::vector<kernels::CpuPath> paths;
  for (const std::string& name : names) paths.push_back(path_named(name));
  return paths;
}

ExitCode selftest(const SelftestOptions& options) {
  const engine::CpuThreads threads(options.n_threads);
  std::vector<kernels::OperatorVerdict> verdicts;
  for (const kernels::CpuPath path : chosen_paths(options.paths)) {
    const kernels::CpuPathScope scope(path);
    const auto of_path = kernels::run_conformance(*kernels::cpu_device(threads));
    verdicts.insert(verdicts.end(), of_path.begin(), of_path.end());
  }
  const std::string text =
      options.json ? kernels::conformance_json(verdicts) : kernels::conformance_table(verdicts);
  std::fputs(text.c_str(), stdout);
  return kernels::conforms(verdicts) ? ExitCode::kSuccess : ExitCode::kBitsDiffer;
}

}  // namespace

void add_selftest(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<SelftestOptions>();
  CLI::App* verb = app.add_subcommand(
      "selftest", "Prove this machine: every operator against the known answers, bit for bit");
  verb->add_option("--path", options->paths,
                   "Only this instruction set (repeatable); default: all that this processor has")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--threads", options->n_threads, "CPU threads; 0: all")
      ->check(CLI::Range(0, kLargestThreadCount));
  verb->add_flag("--json", options->json, "For machines");
  verb->callback([&chosen, options] { chosen = [options] { return selftest(*options); }; });
}

}  // namespace reprotrain::harness
