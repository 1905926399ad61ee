// SPDX-License-Identifier: Apache-2.0
// reprotrain: the command line. One sentence on stderr for every error, as a JSON event where those
// were asked for, and the exit codes of include/reprotrain/error.h.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "harness/cli/commands.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/progress.h"
#include "include/reprotrain/error.h"
#include "include/reprotrain/version.h"
#include "kernels/base/float_state.h"

namespace reprotrain::harness {
namespace {

constexpr const char* kDescription =
    "Trains models and makes features whose results are the same bits on every machine.\n"
    "Start with:  reprotrain --config run.json\n"
    "and check:   reprotrain verify RUN_DIR\n";

constexpr const char* kFooter =
    "Exit codes: 0 done or same bits, 1 bits differ, 2 usage, configuration, data or environment,\n"
    "3 inconclusive, 4 invalid evidence, 5 quality gate failed, 130 interrupted (go on with "
    "--resume).\n";

/// A program started without standard streams would get their numbers for its files, and print into
/// them.
void occupy_standard_streams() {
  for (int descriptor = ::open("/dev/null", O_RDWR); descriptor >= 0 && descriptor <= 2;) {
    descriptor = ::open("/dev/null", O_RDWR);
  }
}

/// Says on standard error why nothing came of it.
class ErrorReport {
 public:
  explicit ErrorReport(bool as_json) : as_json_(as_json) {}

  int operator()(const std::string& sentence, ExitCode code) const {
    const auto number = static_cast<int>(code);
    if (as_json_) {
      std::fprintf(stderr, "%s\n", error_event(number, sentence).c_str());
    } else {
      std::fprintf(stderr, "reprotrain: %s\n", sentence.c_str());
    }
    return number;
  }
  bool as_json() const { return as_json_; }

 private:
  bool as_json_;
};

int run_program(int argc, char** argv, const ErrorReport& fail) {
  const kernels::StrictFloatScope strict;
  CLI::App app(kDescription, "reprotrain");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("reprotrain ") + kVersion);
  app.require_subcommand(0, 1);

  Command chosen;
  add_run(app, chosen);
  for (const auto add :
       {add_verify, add_diff, add_features, add_predict, add_data, add_selftest, add_env}) {
    add(app, chosen);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail(std::string(error.what()) + "; see reprotrain --help", ExitCode::kError);
  }
  if (!chosen && fail.as_json()) {
    return fail("give --config FILE or a command; see reprotrain --help", ExitCode::kError);
  }
  if (!chosen) {
    std::fputs(app.help().c_str(), stderr);
    return static_cast<int>(ExitCode::kError);
  }
  if (const char* complaint = kernels::arithmetic_canary()) {
    return fail(std::string("this build cannot keep its promise: ") + complaint +
                    "; rebuild without fast-math flags",
                ExitCode::kError);
  }
  ignore_write_signals();
  const ExitCode code = chosen();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return fail("standard output cannot be written; free some space or redirect it elsewhere",
                ExitCode::kError);
  }
  return static_cast<int>(code);
}

}  // namespace
}  // namespace reprotrain::harness

int main(int argc, char** argv) {
  using reprotrain::ExitCode;
  namespace harness = reprotrain::harness;
  harness::occupy_standard_streams();
  const harness::ErrorReport fail(
      harness::asks_for_json({argv, static_cast<size_t>(std::max(argc, 0))}));
  try {
    return harness::run_program(argc, argv, fail);
  } catch (const reprotrain::Error& error) {
    return fail(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return fail(
        "out of memory; raise --memory-limit (if set), shrink /model, /train/batch_size or the "
        "data, "
        "or use a larger machine",
        ExitCode::kError);
  } catch (const std::system_error& error) {
    return fail(std::string("the system refused a resource: ") + error.what() +
                    "; raise --memory-limit (if set) or lower --threads",
                ExitCode::kError);
  } catch (const std::exception& error) {
    return fail(std::string("internal error: ") + error.what() + "; please report it",
                ExitCode::kError);
  }
}
