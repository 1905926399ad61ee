// SPDX-License-Identifier: Apache-2.0
// reprotrain --config FILE: train and leave a record.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "engine/device/cpu_threads.h"
#include "engine/device/device_choice.h"
#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/memory_limit.h"
#include "harness/cli/progress.h"
#include "harness/cli/summary.h"
#include "harness/config/run_config.h"
#include "harness/record/canonical_json.h"
#include "harness/record/library_record.h"
#include "harness/record/recorded_run.h"
#include "harness/record/run_record.h"

namespace reprotrain::harness {

namespace {

struct RunOptions {
  std::string config;
  std::vector<std::string> sets;
  std::string out;
  std::string device;
  int threads = -1;
  std::string memory_limit;
  std::string progress = "auto";
  bool resume = false;
  bool force = false;
  bool dry_run = false;
  bool print_config = false;
};

RunConfig configure(const RunOptions& options) {
  RunConfig config = load_run_config(options.config, options.sets);
  if (options.threads >= 0) config.runtime.threads = options.threads;
  if (!options.device.empty()) config.runtime.device = options.device;
  if (!options.memory_limit.empty()) {
    config.runtime.memory_limit_bytes = parse_size(options.memory_limit, "--memory-limit");
  }
  engine::device_choice(config.runtime.device);  // of the command line; the file has been looked at
  return config;
}

std::string output_directory(const RunOptions& options, const RunConfig& config) {
  if (!options.out.empty()) return options.out;
  if (!config.output.directory.empty()) return config.output.directory;
  return "runs/" + config.name;
}

OpenMode open_mode(const RunOptions& options) {
  if (options.resume && options.force) {
    throw Error(ErrorKind::kUsage, "--resume and --force contradict each other; choose one");
  }
  return options.resume ? OpenMode::kResume : options.force ? OpenMode::kForce : OpenMode::kNew;
}

/// --resume of a run that has ended: its result once more, or its failure.
ExitCode report_finished(const RunConfig& config, const RunPaths& paths, Progress& progress) {
  require_resumable(config, paths);
  const nlohmann::json record = read_record(paths.record);
  if (record.at("status") == "failed") {
    throw Error(ErrorKind::kDiverged, paths.root + ": the run has failed already: " +
                                          record.at("failure").at("reason").get<std::string>());
  }
  progress.note(paths.root + " is finished already; nothing to resume");
  print_summary(record, paths);
  return ExitCode::kSuccess;
}

/// A dry run reads no data, but says when there is none.
void require_inputs(const RunConfig& config) {
  for (const std::string& path : {config.data.source, config.data.labels}) {
    if (!path.empty() && !std::filesystem::is_regular_file(path)) {
      throw Error(ErrorKind::kData,
                  path + ": no such file; check section data of the configuration");
    }
  }
}

/// A run goes on where its bits can be had.
void require_same_key(const std::optional<engine::LibraryReport>& begun,
                      const engine::ComputeDevice& device, const std::string& out) {
  const std::string difference = key_difference(begun, device);
  if (difference.empty()) return;
  throw Error(ErrorKind::kEnvironment, out + ": the run was begun on another kind of device (" +
                                           difference +
                                           "); resume it there, or start over with --force");
}

ExitCode train(const RunConfig& config, const std::string& out, OpenMode mode, Progress& progress) {
  const int64_t most_bytes = config.runtime.memory_limit_bytes;
  const engine::CpuThreads threads(config.runtime.threads);
  const auto begun = mode == OpenMode::kResume ? begun_libraries(RunPaths(out))
                                               : std::optional<engine::LibraryReport>();
  const auto device =
      engine::open_device(config.runtime.device, most_bytes, threads,
                          library_request(config, begun, /*only_recorded=*/false),
                          [&progress](std::string_view text) { progress.note(text); });
  require_same_key(begun, *device, out);
  if (device->is_host()) limit_memory(most_bytes);
  RunDirectory directory(out, mode);
  if (directory.has_begun() && std::filesystem::exists(directory.paths().record)) {
    return report_finished(config, directory.paths(), progress);
  }
  const nlohmann::json record = run_and_record(config, directory, *device, progress);
  progress.finish();
  progress.finished(record.at("result_id").get<std::string>());
  print_summary(record, directory.paths());
  return ExitCode::kSuccess;
}

ExitCode run(const RunOptions& options) {
  const RunConfig config = configure(options);
  if (options.print_config) {
    std::printf("%s", pretty_json(config.resolved).c_str());
    return ExitCode::kSuccess;
  }
  require_training(config, options.config);
  const std::string out = output_directory(options, config);
  if (options.dry_run) {
    require_inputs(config);
    print_plan(config, out);
    return ExitCode::kSuccess;
  }
  install_interrupt_handlers();
  Progress progress(progress_style(options.progress, stderr), stderr);
  return train(config, out, open_mode(options), progress);
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<RunOptions>();
  app.add_option("--config", options->config, "Configuration file (docs/config.md)");
  app.add_option("--set", options->sets,
                 "Change one key of the configuration, for example train.epochs=5; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  app.add_option("--out", options->out, "Run directory (default: runs/NAME)")->type_name("DIR");
  app.add_option("--device", options->device, "auto, cpu, cuda or cuda:N; never changes a result")
      ->type_name("DEVICE");
  app.add_option("--threads", options->threads, "CPU threads, 0 = all; never changes a result")
      ->check(CLI::Range(0, kLargestThreadCount));
  app.add_option("--memory-limit", options->memory_limit,
                 "Largest memory use, on a GPU of its memory; for example 4GiB")
      ->type_name("BYTES");
  app.add_flag("--resume", options->resume, "Go on with a run that was stopped");
  app.add_flag("--force", options->force, "Replace the run in --out");
  app.add_flag("--dry-run", options->dry_run, "Check the configuration and say what would be done");
  app.add_flag("--print-config", options->print_config,
               "Print the configuration with all defaults and stop");
  app.add_option("--progress", options->progress, "auto, json or none")->type_name("STYLE");
  app.callback([&app, &chosen, options] {
    if (!app.get_subcommands().empty()) return;
    if (!options->config.empty()) chosen = [options] { return run(*options); };
  });
}

}  // namespace reprotrain::harness
