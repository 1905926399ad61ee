// SPDX-License-Identifier: Apache-2.0
// Files that are either whole or absent, whatever happens while they are written.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace reprotrain::engine {

/// Calls `write(temporary_path)`, then makes it durable and visible as `path`: fsync of the file,
/// rename, fsync of the directory. The temporary file lies beside `path` and is removed on failure.
/// Throws Error(kEnvironment) that names the path, the reason (disk full, not writable) and the remedy.
void replace_file(const std::string& path, const std::function<void(const std::string&)>& write);

/// replace_file for a text held in memory.
void write_file_atomically(const std::string& path, std::string_view content);

/// Makes names created or removed in `directory` durable.
void sync_directory(const std::string& directory);

/// The whole file as bytes. Throws Error(kData) naming the path when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace reprotrain::engine
