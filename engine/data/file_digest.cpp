// SPDX-License-Identifier: Apache-2.0
#include "engine/data/file_digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "include/reprotrain/error.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::engine {

std::string file_sha256(const std::string& path) {
  const auto fail = [&](const char* action, int error) {
    throw Error(ErrorKind::kData, path + ": cannot " + action + ": " + std::strerror(error) +
                                      "; check that it is a file you may read");
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("open", errno);
  kernels::Sha256 sha256;
  std::vector<std::byte> block(size_t{1} << 20);
  for (;;) {
    const ssize_t n = ::read(descriptor, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(descriptor);
      fail("read", error);
    }
    if (n == 0) break;
    sha256.update(std::span<const std::byte>(block.data(), static_cast<size_t>(n)));
  }
  ::close(descriptor);
  return kernels::hex(sha256.finish());
}

}  // namespace reprotrain::engine
