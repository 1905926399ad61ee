// SPDX-License-Identifier: Apache-2.0
// reprotrain_conformance: proves the arithmetic of this machine against the known answers. Needs
// nothing but itself: it builds with a compiler alone and runs where nothing is installed.
#include <charconv>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/base/cpu_path.h"
#include "kernels/base/float_state.h"
#include "kernels/conformance/conformance.h"
#include "kernels/conformance/cpu_device.h"
#include "kernels/conformance/invariance_table.h"
#include "kernels/conformance/thread_team.h"

namespace {

using namespace reprotrain::kernels;

constexpr const char* kUsage =
    "Usage: reprotrain_conformance [--path NAME]... [--threads N] [--json]\n"
    "Runs every operator over the known answers, on each path of this processor.\n"
    "  --path NAME    only this path (repeatable): portable, avx2, avxvnni, avx512, avx512vnni,\n"
    "                 neondot; an error where the processor lacks it\n"
    "  --threads N    threads that share the work of an operator (default 2)\n"
    "  --json         the verdicts as JSON\n"
    "  --invariances  only print what each operator is invariant under (docs/determinism.md)\n"
    "Exit status: 0 all bits are the same, 1 some differ, 2 usage, or the build or the machine\n"
    "failed.\n";

struct Options {
  std::vector<CpuPath> paths;
  int n_threads = 2;
  bool json = false;
};

CpuPath path_from(const std::string& name) {
  const std::optional<CpuPath> path = cpu_path_called(name);
  if (path) return *path;
  throw std::invalid_argument("--path " + name + ": this processor has " + names_of_cpu_paths());
}

int n_threads_from(const std::string& text) {
  int n = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (error == std::errc() && stop == end && n >= 1 && n <= 1024) return n;
  throw std::invalid_argument("--threads takes a number from 1 to 1024");
}

Options options_from(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size()) throw std::invalid_argument(argument + " needs a value");
      return arguments[++i];
    };
    if (argument == "--path") {
      options.paths.push_back(path_from(value()));
    } else if (argument == "--threads") {
      options.n_threads = n_threads_from(value());
    } else if (argument == "--json") {
      options.json = true;
    } else {
      throw std::invalid_argument("unknown argument " + argument);
    }
  }
  if (options.paths.empty()) {
    const auto all = available_cpu_paths();
    options.paths.assign(all.begin(), all.end());
  }
  return options;
}

int run(const Options& options) {
  const StrictFloatScope strict;
  if (const char* fault = arithmetic_canary()) {
    std::cerr << "reprotrain_conformance: this build cannot keep its promise: " << fault << "\n";
    return 2;
  }
  const ThreadTeam threads(options.n_threads);
  std::vector<OperatorVerdict> verdicts;
  for (const CpuPath path : options.paths) {
    const CpuPathScope scope(path);
    const std::vector<OperatorVerdict> of_path = run_conformance(*cpu_device(threads));
    verdicts.insert(verdicts.end(), of_path.begin(), of_path.end());
  }
  std::cout << (options.json ? conformance_json(verdicts) : conformance_table(verdicts));
  const std::string failure = failure_among(verdicts);
  if (!failure.empty()) throw std::runtime_error(failure);
  return conforms(verdicts) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::cout << kUsage;
    return 0;
  }
  if (arguments.size() == 1 && arguments[0] == "--invariances") {
    std::cout << invariance_table();
    return 0;
  }
  try {
    return run(options_from(arguments));
  } catch (const std::invalid_argument& error) {
    std::cerr << "reprotrain_conformance: " << error.what() << "\n" << kUsage;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << "reprotrain_conformance: " << error.what() << "\n";
  }
  return 2;
}
