// SPDX-License-Identifier: Apache-2.0
#include "engine/data/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace reprotrain::engine {
namespace {

std::string encode(uint32_t point) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, EveryCodePointButNulAndSurrogatesIsAccepted) {
  for (uint32_t point = 0; point <= 0x110000; ++point) {
    const bool legal = point != 0 && (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
    ASSERT_EQ(is_utf8(encode(point)), legal) << point;
  }
}

TEST(Utf8, OverlongStrayAndCutSequencesAreRefused) {
  for (const char* text :
       {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf",
        "\xf0\x8f\xbf\xbf", "\x80", "\xbf", "\xff", "\xfe", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82",
        "\xf0\x9f\x98", "\xc3(", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, TheFirstFaultIsFoundAtEveryPlaceAndAcrossEveryCut) {
  for (size_t n : {0, 1, 31, 63, 64, 65, 127, 128, 129, 257}) {
    const std::string clean(n, 'a');
    EXPECT_TRUE(is_utf8(clean));
    for (size_t at = 0; at < n; ++at) {
      for (const char fault : {'\0', '\xff'}) {
        std::string text = clean;
        text[at] = fault;
        Utf8Checker checker;
        ASSERT_EQ(checker.find_fault(text), static_cast<int64_t>(at));
      }
    }
    const std::string text = clean + "\xf0\x9f\x98\x80" + clean;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      Utf8Checker checker;
      ASSERT_EQ(checker.find_fault(std::string_view(text).substr(0, cut)), -1);
      ASSERT_EQ(checker.find_fault(std::string_view(text).substr(cut)), -1);
      ASSERT_TRUE(checker.complete());
    }
  }
}

}  // namespace
}  // namespace reprotrain::engine
