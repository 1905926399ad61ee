// SPDX-License-Identifier: Apache-2.0
// reprotrain verify RUN_DIR: check the evidence, do the run again, compare.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "engine/device/device_choice.h"
#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/progress.h"
#include "harness/cli/summary.h"
#include "harness/verify/evidence_checks.h"
#include "harness/verify/verify.h"

namespace reprotrain::harness {

namespace {

struct VerifyCommand {
  VerifyOptions options;
  std::vector<std::string> data;
  std::string progress = "auto";
};

constexpr size_t kFindingsShown = 10;

void print_findings(const Findings& findings) {
  for (size_t i = 0; i < findings.size() && i < kFindingsShown; ++i) {
    const Finding& finding = findings[i];
    std::printf("  %-10s %s\n", finding.check.c_str(), finding.where.c_str());
    std::printf("  %-10s recorded %s\n", "", finding.expected.c_str());
    std::printf("  %-10s found    %s\n", "", finding.actual.c_str());
  }
  if (findings.size() > kFindingsShown) {
    std::printf("  and %zu more\n", findings.size() - kFindingsShown);
  }
}

void print_report(const VerifyReport& report, const std::string& run_directory) {
  switch (report.verdict) {
    case ExitCode::kInvalidEvidence:
      std::printf("INVALID EVIDENCE: %s contradicts itself; the run was not executed again.\n",
                  run_directory.c_str());
      print_findings(report.findings);
      return;
    case ExitCode::kBitsDiffer: {
      const Finding& first = report.findings.front();
      std::printf("DIFFERENT BITS: the bits part first at %s: %s.\n", first.check.c_str(),
                  first.where.c_str());
      print_findings(report.findings);
      return;
    }
    default:
      break;
  }
  if (!report.executed) {
    std::printf("EVIDENCE CONSISTENT: %zu checks of %s; the run was not executed again.\n",
                evidence_checks().size(), run_directory.c_str());
    return;
  }
  std::printf("SAME BITS: evidence consistent, run executed again, %lld traced steps equal.\n",
              static_cast<long long>(report.n_steps_compared));
  if (report.recorded_result_id.empty()) {
    std::printf("The run failed, and it failed again in the same way.\n");
  } else {
    std::printf("result id   %s\n", report.actual_result_id.c_str());
  }
}

ExitCode verify(VerifyCommand& command) {
  engine::device_choice(command.options.device);
  command.options.inputs.path_of_role = parse_role_paths(command.data);
  install_interrupt_handlers();
  Progress progress(progress_style(command.progress, stderr), stderr);
  const VerifyReport report = verify_run(command.options, progress);
  progress.finish();
  print_report(report, command.options.run_directory);
  return report.verdict;
}

}  // namespace

void add_verify(CLI::App& app, Command& chosen) {
  auto command = std::make_shared<VerifyCommand>();
  CLI::App* verb = app.add_subcommand(
      "verify", "Check a run's evidence, execute it again and compare every stage and step");
  verb->add_option("run", command->options.run_directory, "Directory of a finished run")
      ->required()
      ->type_name("RUN_DIR");
  verb->add_option("--data", command->data, "Where an input lies now, by role: source or labels")
      ->allow_extra_args(false)
      ->type_name("ROLE=PATH");
  verb->add_option("--data-root", command->options.inputs.root,
                   "Search this directory for the inputs, by content")
      ->type_name("DIR");
  verb->add_flag("--evidence-only", command->options.evidence_only,
                 "Check the evidence without executing the run");
  verb->add_option("--device", command->options.device,
                   "auto, cpu, cuda or cuda:N; need not be where the run was executed")
      ->type_name("DEVICE");
  verb->add_option("--threads", command->options.threads, "CPU threads, 0 = all")
      ->check(CLI::Range(0, kLargestThreadCount));
  verb->add_option("--progress", command->progress, "auto, json or none")->type_name("STYLE");
  verb->callback([&chosen, command] { chosen = [command] { return verify(*command); }; });
}

}  // namespace reprotrain::harness
