// SPDX-License-Identifier: Apache-2.0
// Is a stream of bytes UTF-8 text?
#pragma once

#include <cstdint>
#include <string_view>

namespace reprotrain::engine {

/// Checks UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF) piece by piece.
/// NUL is refused too: no text holds it, while UTF-16 and binary files do. ASCII passes at memory
/// speed.
class Utf8Checker {
 public:
  /// Index in `bytes` of the first byte that cannot be part of the text, or -1. A sequence may go
  /// on in the next piece.
  int64_t find_fault(std::string_view bytes);
  /// False when the text fed so far ends inside a sequence.
  bool complete() const { return n_expected_ == 0; }

 private:
  bool accept(unsigned char byte);
  int n_expected_ = 0;        // continuation bytes still to come
  unsigned char low_ = 0x80;  // range of the next one
  unsigned char high_ = 0xbf;
};

/// True when the whole of `text` is UTF-8 without NUL.
bool is_utf8(std::string_view text);

}  // namespace reprotrain::engine
