// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/data/hdf5_parser.h"
#include "engine/data/hdf5_wire_checker.h"
#include "engine/data/limited_child.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// Something is wrong with the file; `sentence` says what and what to do.
[[noreturn]] void fail(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::kData, path + ": " + sentence);
}

void require_readable_file(const std::string& path) {
  // O_NONBLOCK: a FIFO must not stop us before we see that it is one.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    fail(path, std::string("cannot open: ") + std::strerror(errno) +
                   "; check the path and its permissions");
  }
  struct stat info {};
  const bool is_file = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  ::close(descriptor);
  if (!is_file) fail(path, "is not a regular file; name an HDF5 file");
  if (info.st_size == 0) fail(path, "is empty; name an HDF5 file");
}

[[noreturn]] void fail_for_ended_child(const std::string& path, LimitedChild& child) {
  fail(path, "the process that parses it " + child.how_it_ended() +
                 ", as for a damaged or malicious HDF5 file; get a new copy");
}

/// Reads one message part, or throws the sentence for a child that is dead or silent.
void receive(const std::string& path, const Hdf5Limits& limits, LimitedChild& child,
             std::span<std::byte> bytes) {
  switch (child.read(bytes)) {
    case LimitedChild::ReadResult::kFilled:
      return;
    case LimitedChild::ReadResult::kEnded:
      fail_for_ended_child(path, child);
    case LimitedChild::ReadResult::kSilent:
      fail(path, "parsing made no progress for " + std::to_string(limits.no_progress_ms / 1000.0) +
                     " s, as for a damaged HDF5 file or a stalled disk; get a new copy");
  }
}

}  // namespace

void visit_hdf5_with(const Hdf5ChildParser& parser, const std::string& path,
                     const Hdf5Limits& limits, Hdf5Visitor& visitor) {
  require_readable_file(path);
  const ChildLimits child_limits{limits.child_memory_bytes, limits.child_cpu_seconds,
                                 limits.no_progress_ms};
  LimitedChild child(child_limits, [&](int pipe) {
    WireWriter events(pipe);
    parser(events);
  });
  WireChecker checker(path, limits, visitor);
  std::vector<std::byte> payload;
  while (!checker.finished()) {
    WireHeader header;
    receive(path, limits, child, std::as_writable_bytes(std::span(&header, 1)));
    checker.check_header(header);
    payload.resize(header.size_bytes);
    receive(path, limits, child, payload);
    checker.accept(static_cast<WireKind>(header.kind), payload);
  }
}

void visit_hdf5(const std::string& path, const Hdf5Limits& limits, Hdf5Visitor& visitor) {
  visit_hdf5_with([&](WireWriter& events) { parse_hdf5_in_child(path, limits, events); }, path,
                  limits, visitor);
}

}  // namespace reprotrain::engine
