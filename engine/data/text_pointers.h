// SPDX-License-Identifier: Apache-2.0
// Strings as libhdf5 takes them: pointers to texts that end with a zero byte.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/utf8.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

/// Borrows `texts`. Throws Error(kData) naming `path` and the text when one is not UTF-8 or holds a
/// zero byte, which an HDF5 string cannot.
class TextPointers {
 public:
  TextPointers(std::span<const std::string> texts, const std::string& path) {
    pointers_.reserve(texts.size());
    for (const std::string& text : texts) {
      if (text.find('\0') != std::string::npos || !is_utf8(text)) {
        throw Error(ErrorKind::kData, path + ": text number " + std::to_string(pointers_.size()) +
                                          " holds a zero byte or is not UTF-8, so HDF5 cannot hold "
                                          "it; clean the text first");
      }
      pointers_.push_back(text.c_str());
    }
  }

  const char* const* data() const noexcept { return pointers_.data(); }

 private:
  std::vector<const char*> pointers_;
};

}  // namespace reprotrain::engine
