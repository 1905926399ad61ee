// SPDX-License-Identifier: Apache-2.0
#include "engine/data/utf8.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kStride = 64;

// No branch inside, so that the loop becomes a few vector instructions.
bool is_plain_ascii(const char* bytes) {
  unsigned high = 0, zero = 0;
  for (size_t i = 0; i < kStride; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    high |= byte & 0x80u;
    zero |= static_cast<unsigned>(byte == 0);
  }
  return (high | zero) == 0;
}

}  // namespace

bool Utf8Checker::accept(unsigned char byte) {
  if (n_expected_ > 0) {
    if (byte < low_ || byte > high_) return false;
    --n_expected_;
    low_ = 0x80;
    high_ = 0xbf;
    return true;
  }
  if (byte < 0x80) return byte != 0;
  if (byte >= 0xc2 && byte <= 0xdf) {
    n_expected_ = 1;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    n_expected_ = 2;
    if (byte == 0xe0) low_ = 0xa0;   // shorter forms exist
    if (byte == 0xed) high_ = 0x9f;  // surrogates
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    n_expected_ = 3;
    if (byte == 0xf0) low_ = 0x90;
    if (byte == 0xf4) high_ = 0x8f;  // past U+10FFFF
  } else {
    return false;
  }
  return true;
}

int64_t Utf8Checker::find_fault(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    if (n_expected_ == 0 && at + kStride <= bytes.size() && is_plain_ascii(bytes.data() + at)) {
      at += kStride;
      continue;
    }
    if (!accept(static_cast<unsigned char>(bytes[at]))) return static_cast<int64_t>(at);
    ++at;
  }
  return -1;
}

bool is_utf8(std::string_view text) {
  Utf8Checker checker;
  return checker.find_fault(text) < 0 && checker.complete();
}

}  // namespace reprotrain::engine
