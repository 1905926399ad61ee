// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace {

volatile sig_atomic_t interrupt_count = 0;

void on_signal(int /*number*/) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) ::_exit(static_cast<int>(ExitCode::kInterrupted));
}

}  // namespace

void ignore_write_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
}

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupt_requested() noexcept { return interrupt_count > 0; }

}  // namespace reprotrain::harness
