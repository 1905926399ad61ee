// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/access_fault.h"

#include <pthread.h>

#include <array>

namespace reprotrain::emulated_cuda {
namespace {

// Misaligned vectors: ud2 (SIGILL) or brk (SIGTRAP) of -fsanitize=alignment.
constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
constexpr size_t kHandlerStackBytes = size_t{64} << 10;

struct sigaction previous[kSignals.size()];
pthread_t watched;
sigjmp_buf* volatile escape_of_running = nullptr;
AccessFault last;

void on_fault(int signal, siginfo_t* info, void* /*context*/) {
  if (escape_of_running != nullptr && pthread_equal(pthread_self(), watched) != 0) {
    last = {signal, info->si_addr};
    siglongjmp(*escape_of_running, 1);
  }
  // No kernel's: the instruction faults again, as if this handler had never been.
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) sigaction(signal, &previous[i], nullptr);
  }
}

}  // namespace

AccessFaultScope::AccessFaultScope() : stack_(kHandlerStackBytes) {
  watched = pthread_self();
  stack_t stack{};
  stack.ss_sp = stack_.data();
  stack.ss_size = stack_.size();
  sigaltstack(&stack, &previous_stack_);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &previous[i]);
}

AccessFaultScope::~AccessFaultScope() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous[i], nullptr);
  sigaltstack(&previous_stack_, nullptr);
}

void set_escape(sigjmp_buf* escape) { escape_of_running = escape; }

AccessFault last_access_fault() { return last; }

}  // namespace reprotrain::emulated_cuda
