// SPDX-License-Identifier: Apache-2.0
// An input file as a stream of bytes, plain or gzip.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace reprotrain::engine {

/// Reads a regular file from front to back; a file that starts with the gzip magic is decompressed
/// on the way (all its members, checksums verified).
///
/// Memory: one block of a fixed size, whatever the file's size. Every failure is an Error(kData)
/// that names the path: missing, a directory, unreadable, not a regular file, empty, truncated or
/// damaged gzip, bytes after the last gzip member.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path);
  ~ByteSource();
  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;

  /// Fills `target` as far as the data goes; fewer bytes than asked for mean the end.
  int64_t read(std::span<char> target);

  bool compressed() const;
  int64_t file_size_bytes() const;
  /// Bytes of the file (compressed ones of a gzip file) consumed so far.
  int64_t file_bytes_done() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reprotrain::engine
