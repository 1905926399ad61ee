// SPDX-License-Identifier: Apache-2.0
#include "engine/data/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

std::string remedy_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space or choose another --out";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a directory you may write to";
    case ENOENT:
    case ENOTDIR:
      return "create the directory first";
    default:
      return "check the disk and try again";
  }
}

[[noreturn]] void fail(const std::string& path, const char* action, int error) {
  throw Error(ErrorKind::kEnvironment,
              path + ": cannot " + action + ": " + std::strerror(error) + "; " + remedy_for(error));
}

void sync_path(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open for syncing", errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot sync a directory; the rename is then as durable as they make it.
  if (result != 0 && error != EINVAL) fail(path, "sync", error);
}

}  // namespace

void replace_file(const std::string& path, const std::function<void(const std::string&)>& write) {
  const std::string temporary = path + ".tmp" + std::to_string(::getpid());
  try {
    write(temporary);
    sync_path(temporary, O_RDONLY);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "rename into place", errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(std::filesystem::path(path).parent_path().string());
}

void sync_directory(const std::string& directory) {
  sync_path(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
}

void write_file_atomically(const std::string& path, std::string_view content) {
  replace_file(path, [&](const std::string& temporary) {
    const int descriptor =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) fail(path, "create", errno);
    size_t written = 0;
    while (written < content.size()) {
      const ssize_t n = ::write(descriptor, content.data() + written, content.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const int error = errno;
        ::close(descriptor);
        fail(path, "write", error);
      }
      written += static_cast<size_t>(n);
    }
    if (::close(descriptor) != 0) fail(path, "write", errno);
  });
}

std::string read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error(ErrorKind::kData, path + ": cannot open: " + std::strerror(errno) +
                                      "; check the path and its permissions");
  }
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(descriptor, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(descriptor);
      throw Error(ErrorKind::kData, path + ": cannot read: " + std::strerror(error) +
                                        "; check that it is a regular file");
    }
    if (n == 0) break;
    content.append(buffer, static_cast<size_t>(n));
  }
  ::close(descriptor);
  return content;
}

}  // namespace reprotrain::engine
