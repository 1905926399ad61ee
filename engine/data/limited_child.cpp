// SPDX-License-Identifier: Apache-2.0
#include "engine/data/limited_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "engine/data/hdf5_handle.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr int kPipeInChild = 3;
constexpr int kSetupFailed = 125;
constexpr int kPipeBytes = 1 << 20;

/// `grace`: how far the hard limit lies above the soft one, which gives a signal of its own.
void limit(decltype(RLIMIT_AS) resource, rlim_t value, rlim_t grace = 0) {
  rlimit current{};
  if (::getrlimit(resource, &current) != 0) ::_exit(kSetupFailed);
  const rlimit limits{std::min(value, current.rlim_max), std::min(value + grace, current.rlim_max)};
  if (::setrlimit(resource, &limits) != 0) ::_exit(kSetupFailed);
}

/// Address space in use, from /proc/self/statm: a fork starts with all of its parent's.
rlim_t address_space_bytes() {
  char text[128] = {};
  const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || ::read(descriptor, text, sizeof text - 1) <= 0) ::_exit(kSetupFailed);
  ::close(descriptor);
  return std::strtoull(text, nullptr, 10) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

/// Leaves nothing open but /dev/null on 0, 1, 2 and the pipe on 3.
void keep_only_pipe(int pipe) {
  if (pipe != kPipeInChild && ::dup2(pipe, kPipeInChild) < 0) ::_exit(kSetupFailed);
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0) ::_exit(kSetupFailed);
  for (int standard = 0; standard < 3; ++standard) ::dup2(null, standard);
  if (::close_range(kPipeInChild + 1, ~0u, 0) == 0) return;
  const long most = std::min(::sysconf(_SC_OPEN_MAX), 1L << 16);
  for (int descriptor = kPipeInChild + 1; descriptor < most; ++descriptor) ::close(descriptor);
}

void become_limited(const ChildLimits& limits, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kSetupFailed);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGPIPE, SIGXCPU}) {
    ::signal(number, SIG_DFL);
  }
  ::signal(SIGINT, SIG_IGN);
  limit(RLIMIT_AS, address_space_bytes() + static_cast<rlim_t>(limits.memory_bytes));
  limit(RLIMIT_CPU, static_cast<rlim_t>(limits.cpu_seconds), 1);
  limit(RLIMIT_CORE, 0);
  if (!limits.may_write_files) limit(RLIMIT_FSIZE, 0);
}

[[noreturn]] void fail(const char* action) {
  throw Error(ErrorKind::kEnvironment, std::string("cannot ") + action + ": " +
                                           std::strerror(errno) +
                                           "; free memory or raise the limit on processes");
}

}  // namespace

LimitedChild::LimitedChild(const ChildLimits& limits, const std::function<void(int)>& body)
    : limits_(limits) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("open a pipe to a child process");
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // only faster when it is granted
  const pid_t parent = ::getpid();
  {
    const std::lock_guard lock(hdf5_mutex());
    process_ = ::fork();
  }
  if (process_ == 0) {
    keep_only_pipe(ends[1]);
    become_limited(limits, parent);
    try {
      body(kPipeInChild);
    } catch (...) {
      ::_exit(kSetupFailed - 1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
  if (process_ < 0) {
    ::close(pipe_);
    fail("start a child process");
  }
}

LimitedChild::~LimitedChild() {
  ::close(pipe_);
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  wait();
}

LimitedChild::ReadResult LimitedChild::read(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    pollfd ready{pipe_, POLLIN, 0};
    const int n_ready = ::poll(&ready, 1, limits_.no_progress_ms);
    if (n_ready == 0) return ReadResult::kSilent;
    if (n_ready < 0 && errno == EINTR) continue;
    const ssize_t n = ::read(pipe_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return ReadResult::kEnded;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return ReadResult::kFilled;
}

int LimitedChild::wait() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

std::string LimitedChild::how_it_ended() {
  const int status = wait();
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGXCPU) return "used too much processor time";
    return std::string("crashed (") + ::strsignal(WTERMSIG(status)) + ")";
  }
  if (WEXITSTATUS(status) == kSetupFailed)
    return "could not be confined (are /proc and /dev/null there?)";
  return "stopped in the middle";
}

void write_whole(int pipe, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(pipe, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

void forbid_opening_files() { limit(RLIMIT_NOFILE, 0); }

}  // namespace reprotrain::engine
