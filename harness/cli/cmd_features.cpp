// SPDX-License-Identifier: Apache-2.0
// reprotrain features --config FILE --out FILE.h5: the feature matrix for other tools.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "engine/device/cpu_device.h"
#include "engine/device/cpu_threads.h"
#include "engine/run.h"
#include "harness/cli/commands.h"
#include "harness/cli/output_file.h"
#include "harness/cli/progress.h"
#include "harness/config/run_config.h"
#include "harness/record/recorded_run.h"

namespace reprotrain::harness {

namespace {

struct FeaturesOptions {
  std::string config;
  std::vector<std::string> sets;
  std::string out;
  std::string progress = "auto";
  int threads = -1;
  bool force = false;
};

ExitCode features(const FeaturesOptions& options) {
  RunConfig config = load_run_config(options.config, options.sets);
  if (options.threads >= 0) config.runtime.threads = options.threads;
  require_free(options.out, options.force);
  require_apart(options.out, config.data.source);
  const engine::CpuThreads threads(config.runtime.threads);
  engine::CpuDevice device(threads);
  Progress progress(progress_style(options.progress, stderr), stderr);
  const engine::RunResult result =
      engine::export_features(run_request(config, RunPaths(".")), options.out, device, progress);
  progress.finish();
  std::printf("%-18s%s\n", "features", options.out.c_str());
  for (const auto& input : result.inputs) {
    std::printf("%-18s%s\n", input.role.c_str(), input.content_id.c_str());
  }
  for (const auto& [name, id] : result.outputs) std::printf("%-18s%s\n", name.c_str(), id.c_str());
  return ExitCode::kSuccess;
}

}  // namespace

void add_features(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<FeaturesOptions>();
  CLI::App* verb =
      app.add_subcommand("features", "Fit the transforms and write the feature matrix as HDF5");
  verb->add_option("--config", options->config, "Configuration file")->required();
  verb->add_option("--set", options->sets, "Change one key of the configuration")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  verb->add_option("--out", options->out, "File to write")->required()->type_name("FILE.h5");
  verb->add_option("--threads", options->threads, "CPU threads, 0 = all")
      ->check(CLI::Range(0, kLargestThreadCount));
  verb->add_option("--progress", options->progress, "auto, json or none")->type_name("STYLE");
  verb->add_flag("--force", options->force, "Replace the file");
  verb->callback([&chosen, options] { chosen = [options] { return features(*options); }; });
}

}  // namespace reprotrain::harness
