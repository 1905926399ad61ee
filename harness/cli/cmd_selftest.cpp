// SPDX-License-Identifier: Apache-2.0
// reprotrain selftest: every operator of this machine against the known answers.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "engine/device/cpu_threads.h"
#include "engine/device/device_choice.h"
#include "harness/cli/commands.h"
#include "kernels/base/cpu_path.h"
#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cpu_device.h"

namespace reprotrain::harness {
namespace {

using Verdicts = std::vector<kernels::OperatorVerdict>;

struct SelftestOptions {
  std::string device = "auto";
  std::vector<std::string> paths;
  int n_threads = 0;
  bool json = false;
};

kernels::CpuPath path_from(const std::string& name) {
  const std::optional<kernels::CpuPath> path = kernels::cpu_path_called(name);
  if (path) return *path;
  throw Error(ErrorKind::kUsage,
              "--path " + name + ": this processor has " + kernels::names_of_cpu_paths());
}

std::vector<kernels::CpuPath> chosen_paths(const std::vector<std::string>& names) {
  const auto available = kernels::available_cpu_paths();
  if (names.empty()) return {available.begin(), available.end()};
  std::vector<kernels::CpuPath> paths;
  for (const std::string& name : names) paths.push_back(path_from(name));
  return paths;
}

void check_cpu(const SelftestOptions& options, Verdicts& verdicts) {
  const engine::CpuThreads threads(options.n_threads);
  for (const kernels::CpuPath path : chosen_paths(options.paths)) {
    const kernels::CpuPathScope scope(path);
    const Verdicts of_path = kernels::run_conformance(*kernels::cpu_device(threads));
    verdicts.insert(verdicts.end(), of_path.begin(), of_path.end());
  }
}

/// Says why GPUs are not checked: an error where one was asked for, else a line on stderr.
void leave_gpus_out(const engine::DeviceChoice& devices, const std::string& reason) {
  const std::string sentence = "GPUs not checked: " + reason;
  if (!devices.cpu) throw Error(ErrorKind::kEnvironment, sentence);
  std::fprintf(stderr, "%s\n", sentence.c_str());
}

void check_gpus(const engine::DeviceChoice& devices, Verdicts& verdicts) {
  engine::CudaDevices found = engine::find_cuda_devices(devices.cuda_index);
  if (!found.has_any()) return leave_gpus_out(devices, found.reason);
  for (int index = found.first; index <= found.last; ++index) {
    if (!found.module->run_conformance(index, verdicts, found.reason)) {
      throw Error(ErrorKind::kEnvironment, "cuda:" + std::to_string(index) + ": " + found.reason);
    }
  }
}

ExitCode selftest(const SelftestOptions& options) {
  const engine::DeviceChoice devices = engine::device_choice(options.device);
  if (!devices.cpu && !options.paths.empty()) {
    throw Error(ErrorKind::kUsage, "--path chooses an instruction set of the CPU, which --device " +
                                       options.device + " leaves out");
  }
  Verdicts verdicts;
  if (devices.cpu) check_cpu(options, verdicts);
  if (devices.cuda) check_gpus(devices, verdicts);
  const std::string text =
      options.json ? kernels::conformance_json(verdicts) : kernels::conformance_table(verdicts);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  const std::string failure = kernels::failure_among(verdicts);
  if (!failure.empty()) throw Error(ErrorKind::kEnvironment, failure);
  return kernels::conforms(verdicts) ? ExitCode::kSuccess : ExitCode::kBitsDiffer;
}

}  // namespace

void add_selftest(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<SelftestOptions>();
  CLI::App* verb = app.add_subcommand(
      "selftest", "Prove this machine: every operator against the known answers, bit for bit");
  verb->add_option("--device", options->device,
                   "auto (the CPU and every GPU), cpu, cuda (every GPU) or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
  verb->add_option(
          "--path", options->paths,
          "Only this instruction set of the CPU (repeatable): portable, avx2, avxvnni, avx512, "
          "avx512vnni, neondot; default: all it has")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--threads", options->n_threads, "CPU threads; 0: all")
      ->check(CLI::Range(0, kLargestThreadCount));
  verb->add_flag("--json", options->json, "For machines");
  verb->callback([&chosen, options] { chosen = [options] { return selftest(*options); }; });
}

}  // namespace reprotrain::harness
