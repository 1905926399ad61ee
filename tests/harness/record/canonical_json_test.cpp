// SPDX-License-Identifier: Apache-2.0
// The samples of RFC 8785 (sections 3.2.2 and 3.2.3, appendix B) and the properties behind them.
#include "harness/record/canonical_json.h"

#include <gtest/gtest.h>

#include <charconv>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::harness {
namespace {

TEST(CanonicalJson, TheSampleOfTheRfcIsReproduced) {
  const Json value = Json::parse(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]})");
  EXPECT_EQ(canonical_json(value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalJson, KeysAreOrderedByTheirUtf16CodeUnits) {
  const Json value = Json::parse(R"({
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"})");
  EXPECT_EQ(canonical_json(value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
            "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
            "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
            "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}")
      << "a surrogate pair sorts before U+FB33, although its code point is larger";
}

TEST(CanonicalJson, NumbersOfAppendixB) {
  const std::vector<std::pair<uint64_t, const char*>> samples = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) {
    EXPECT_EQ(ecmascript_number(kernels::double_from_bits(bits)), text);
  }
}

TEST(CanonicalJson, NumbersChangeTheirFormAtTheEdgesOfEcmascript) {
  EXPECT_EQ(ecmascript_number(1e20), "100000000000000000000");
  EXPECT_EQ(ecmascript_number(123456789012345680000.0), "123456789012345680000");
  EXPECT_EQ(ecmascript_number(1.5e21), "1.5e+21");
  EXPECT_EQ(ecmascript_number(1.25e-6), "0.00000125");
  EXPECT_EQ(ecmascript_number(1.25e-7), "1.25e-7");
  EXPECT_EQ(ecmascript_number(100.0), "100");
  EXPECT_EQ(ecmascript_number(-1.0), "-1");
  EXPECT_EQ(ecmascript_number(1e-9), "1e-9");
}

TEST(CanonicalJson, EveryNumberReadsBackToItsBits) {
  uint64_t state = 1;
  for (int i = 0; i < 100000; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    const double value = kernels::double_from_bits(state ^ (state >> 29));
    if (!kernels::is_finite(value) || value == 0.0) continue;
    const std::string text = ecmascript_number(value);
    double back = 0.0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(end, text.data() + text.size()) << text;
    ASSERT_EQ(kernels::bits_of(back), kernels::bits_of(value)) << text;
  }
}

TEST(CanonicalJson, WhatItCannotHoldIsRefused) {
  EXPECT_THROW(ecmascript_number(std::numeric_limits<double>::infinity()), Error);
  EXPECT_THROW(canonical_json(Json(std::numeric_limits<double>::quiet_NaN())), Error);
  EXPECT_THROW(canonical_json(Json(int64_t{9007199254740993})), Error);
  EXPECT_THROW(canonical_json(Json(int64_t{-9007199254740993})), Error);
  EXPECT_THROW(canonical_json(Json(uint64_t{18446744073709551615ull})), Error);
  EXPECT_THROW(canonical_json(Json("\xff")), Error);
  EXPECT_THROW(canonical_json(Json{{"\xc3", 1}}), Error);
  EXPECT_THROW(canonical_json(Json::binary({1, 2})), Error);
  EXPECT_EQ(canonical_json(Json(int64_t{9007199254740992})), "9007199254740992");
}

TEST(CanonicalJson, EmptyAndNestedValuesHaveNoWhiteSpace) {
  EXPECT_EQ(canonical_json(Json::parse(R"( { "b" : [ ] , "a" : { } , "" : [ [ 1 ] , { } ] } )")),
            R"({"":[[1],{}],"a":{},"b":[]})");
  EXPECT_EQ(canonical_json(Json(std::string("a\0b\x1f\x7f", 5))), "\"a\\u0000b\\u001f\x7f\"");
}

TEST(CanonicalJson, TheReadableTextHoldsTheSameValue) {
  const Json value = Json::parse(R"({"a":{"b":[1,2.5,"x"],"c":[{"d":null},[]],"e":{},"f":[]}})");
  EXPECT_EQ(pretty_json(value),
            "{\n"
            "  \"a\": {\n"
            "    \"b\": [1, 2.5, \"x\"],\n"
            "    \"c\": [\n"
            "      {\n"
            "        \"d\": null\n"
            "      },\n"
            "      []\n"
            "    ],\n"
            "    \"e\": {},\n"
            "    \"f\": []\n"
            "  }\n"
            "}\n");
  EXPECT_EQ(Json::parse(pretty_json(value)), value);
}

}  // namespace
}  // namespace reprotrain::harness
