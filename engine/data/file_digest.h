// SPDX-License-Identifier: Apache-2.0
// Transport identity of a file: the digest of its bytes.
#pragma once

#include <string>

namespace reprotrain::engine {

/// SHA-256 of the file's bytes, 64 lower-case hexadecimal digits. Throws Error(kData) naming the
/// path when it cannot be read.
std::string file_sha256(const std::string& path);

}  // namespace reprotrain::engine
