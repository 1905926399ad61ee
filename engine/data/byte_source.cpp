// SPDX-License-Identifier: Apache-2.0
#include "engine/data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kBlockBytes = size_t{1} << 18;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib: expect a gzip header, not a zlib one

[[noreturn]] void fail(const std::string& path, const std::string& rest) {
  throw Error(ErrorKind::kData, path + ": " + rest);
}

}  // namespace

struct ByteSource::State {
  explicit State(const std::string& file_path) : path(file_path) {
    // Non-blocking, so that opening a named pipe cannot hang before it is refused.
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
      if (errno == ENOENT) fail(path, "no such file; check the path");
      fail(path, std::string("cannot open: ") + std::strerror(errno) +
                     "; check the path and its permissions");
    }
    try {
      check_kind_and_size();
    } catch (...) {
      ::close(descriptor);
      throw;
    }
  }
  ~State() {
    if (gzip) ::inflateEnd(&inflater);
    ::close(descriptor);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void check_kind_and_size() {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail(path, "cannot read its status");
    if (S_ISDIR(status.st_mode)) fail(path, "is a directory; name a file inside it");
    if (!S_ISREG(status.st_mode)) {
      fail(path, "is not a regular file; copy the data into a file first");
    }
    if (status.st_size == 0) fail(path, "is empty (0 bytes); check how it was written");
    file_size = static_cast<int64_t>(status.st_size);
  }

  // Reads from the file itself, not decompressing.
  size_t read_raw(char* target, size_t wanted) {
    size_t done = 0;
    while (done < wanted) {
      const ssize_t n = ::read(descriptor, target + done, wanted - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        fail(path, std::string("cannot read: ") + std::strerror(errno) + "; check the disk");
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    raw_bytes_read += static_cast<int64_t>(done);
    return done;
  }

  void start_gzip() {
    block.resize(kBlockBytes);
    if (::inflateInit2(&inflater, kGzipOnly) != Z_OK) fail(path, "zlib cannot start; free memory");
    gzip = true;
  }

  bool refill() {
    inflater.next_in = reinterpret_cast<Bytef*>(block.data());
    inflater.avail_in = static_cast<uInt>(read_raw(block.data(), block.size()));
    return inflater.avail_in > 0;
  }

  // Inflates into `target` until it is full or the last member ended.
  size_t read_gzip(char* target, size_t wanted) {
    inflater.next_out = reinterpret_cast<Bytef*>(target);
    size_t left = wanted;
    while (left > 0 && !ended) {
      if (inflater.avail_in == 0 && !refill()) {
        if (!member_ended)
          fail(path, "the gzip data is truncated; copy or download the file again");
        ended = true;
        break;
      }
      if (member_ended) {  // another member follows
        ::inflateReset(&inflater);
        member_ended = false;
      }
      inflater.avail_out = static_cast<uInt>(left < kBlockBytes ? left : kBlockBytes);
      const uInt before = inflater.avail_out;
      const int result = ::inflate(&inflater, Z_NO_FLUSH);
      left -= before - inflater.avail_out;
      if (result == Z_STREAM_END) {
        member_ended = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        fail(path, std::string("the gzip data is damaged (") +
                       (inflater.msg != nullptr ? inflater.msg : "zlib error") +
                       "); copy or download the file again");
      }
    }
    return wanted - left;
  }

  std::string path;
  int descriptor = -1;
  int64_t file_size = 0;
  int64_t raw_bytes_read = 0;
  bool gzip = false;
  bool member_ended = false;
  bool ended = false;
  z_stream inflater{};
  std::vector<char> block;
};

ByteSource::ByteSource(const std::string& path) : state_(std::make_unique<State>(path)) {
  unsigned char magic[2] = {0, 0};
  const size_t n = state_->read_raw(reinterpret_cast<char*>(magic), sizeof magic);
  if (::lseek(state_->descriptor, 0, SEEK_SET) != 0) fail(path, "cannot seek; check the disk");
  state_->raw_bytes_read = 0;
  if (n == 2 && magic[0] == 0x1f && magic[1] == 0x8b) state_->start_gzip();
}
ByteSource::~ByteSource() = default;
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;

int64_t ByteSource::read(std::span<char> target) {
  const size_t n = state_->gzip ? state_->read_gzip(target.data(), target.size())
                                : state_->read_raw(target.data(), target.size());
  return static_cast<int64_t>(n);
}

bool ByteSource::compressed() const { return state_->gzip; }
int64_t ByteSource::file_size_bytes() const { return state_->file_size; }
int64_t ByteSource::file_bytes_done() const {
  return state_->raw_bytes_read - static_cast<int64_t>(state_->inflater.avail_in);
}

}  // namespace reprotrain::engine
