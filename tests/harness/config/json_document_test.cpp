// SPDX-License-Identifier: Apache-2.0
#include "harness/config/json_document.h"

#include <gtest/gtest.h>

#include <cmath>

#include <string>
#include <vector>

#include "harness/record/canonical_json.h"

namespace reprotrain::harness {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_json(text, "c.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    return error.what();
  }
  return "accepted";
}

TEST(JsonDocument, KnowsWhereEveryKeyAndValueStands) {
  const JsonDocument document = parse_json(
      "{\n"
      "  \"seed\": 7,\n"
      "  \"na\\\"me\": \"x, y: {\",  \"caf\xc3\xa9\": [true,\n"
      "   -1.5e3 , {\"a/b~c\":null}]\n"
      "}\n",
      "c.json");
  EXPECT_EQ(document.where(""), "c.json:1:1");
  EXPECT_EQ(document.where_key("/seed"), "c.json:2:3");
  EXPECT_EQ(document.where("/seed"), "c.json:2:11");
  EXPECT_EQ(document.where("/na\"me"), "c.json:3:13");
  EXPECT_EQ(document.where_key("/caf\xc3\xa9"), "c.json:3:25");
  EXPECT_EQ(document.where("/caf\xc3\xa9/0"), "c.json:3:34")
      << "columns count characters, not bytes";
  EXPECT_EQ(document.where("/caf\xc3\xa9/1"), "c.json:4:4");
  EXPECT_EQ(document.where_key("/caf\xc3\xa9/2/a~1b~0c"), "c.json:4:14");
  EXPECT_EQ(document.where("/caf\xc3\xa9/2/a~1b~0c"), "c.json:4:22");
}

TEST(JsonDocument, AValueThatIsNotThereHasThePlaceOfItsParent) {
  const JsonDocument document = parse_json("{\n \"a\": {\"b\": 1}}", "c.json");
  EXPECT_EQ(document.where("/a/b/c/d"), "c.json:2:13");
  EXPECT_EQ(document.where_key("/a/zz"), "c.json:2:7");
  EXPECT_EQ(document.where("/zz"), "c.json:1:1");
}

TEST(JsonDocument, AByteOrderMarkIsSkipped) {
  EXPECT_EQ(parse_json("\xef\xbb\xbf{\"a\": 1}", "c.json").where_key("/a"), "c.json:1:2");
}

TEST(JsonDocument, NumbersAreReadFromTheirText) {
  const Json numbers =
      parse_json(
          "[9007199254740992, -9007199254740992, 9007199254740993, 1e2, 0.1, -0, -0.0, 0e9, "
          "5e-324, 1.7976931348623157e308, 123456789012345678901234567890, 1E+2]",
          "c.json")
          .value;
  EXPECT_TRUE(numbers[0].is_number_integer());
  EXPECT_EQ(numbers[1], int64_t{-9007199254740992});
  EXPECT_TRUE(numbers[2].is_number_float()) << "beyond 2^53 a whole number is binary64";
  EXPECT_EQ(numbers[4].get<double>(), 0x1.999999999999ap-4);
  EXPECT_EQ(canonical_json(numbers),
            "[9007199254740992,-9007199254740992,9007199254740992,100,0.1,0,0,0,5e-324,"
            "1.7976931348623157e+308,1.2345678901234568e+29,100]");
  EXPECT_FALSE(std::signbit(numbers[6].get<double>())) << "-0 becomes 0";
}

TEST(JsonDocument, NumbersOutsideOfBinary64AreRefused) {
  for (const std::string number : {"1e999", "-1e999", "1e-999", "1e400000000000000000000"}) {
    EXPECT_EQ(refusal("[" + number + "]"),
              "c.json:1:2: the number " + number +
                  " is outside the range of binary64 (about 5e-324 to 1.8e308)");
  }
}

TEST(JsonDocument, DuplicateKeysAreRefusedAtEveryDepth) {
  EXPECT_EQ(refusal("{\"a\": 1,\n \"b\": {\"x\": 1, \"x\": 2}}"),
            "c.json:2:16: key \"x\" stands twice in the same object, first at line 2; keep one");
  EXPECT_EQ(refusal("{\"a\": 1,\n\"\\u0061\": 1}"),
            "c.json:2:1: key \"a\" stands twice in the same object, first at line 1; keep one")
      << "escapes are no way around";
}

TEST(JsonDocument, DepthAndSizeHaveLimits) {
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_EQ(refusal(std::string(65, '[') + std::string(65, ']')),
            "c.json:1:65: objects and arrays are nested more than 64 levels deep");
  const std::string large = "\"" + std::string(JsonLimits().size_bytes, 'x') + "\"";
  EXPECT_EQ(refusal(large), "c.json has 4194306 bytes; at most 4194304 are read as JSON");
}

TEST(JsonDocument, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(refusal("{\"a\":\n \"\xff\"}"),
            "c.json:2:3: the text is not valid UTF-8 here; save the file as UTF-8");
  EXPECT_EQ(refusal("[\"\xc3"),
            "c.json:1:4: the text is not valid UTF-8 here; save the file as UTF-8");
  EXPECT_EQ(refusal("[\"\\u0000\"]"), "c.json:1:2: a text may not contain the character \\u0000");
}

TEST(JsonDocument, AFileThatIsNotThereIsAnErrorOfTheCallersKind) {
  try {
    read_json_file("/nonexistent/run.json", ErrorKind::kEvidence);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEvidence);
    EXPECT_NE(std::string(error.what()).find("/nonexistent/run.json"), std::string::npos);
  }
}

struct SyntaxCase {
  const char* text;
  const char* sentence;
};

TEST(JsonDocument, EverySyntaxErrorSaysWhatWasExpectedAndWhatStandsThere) {
  const std::vector<SyntaxCase> cases = {
      {"", "1:1: the text ends where a JSON value was expected"},
      {"{", "1:2: the text ends where a key in double quotes or '}' was expected"},
      {"{\"a\"", "1:5: the text ends where ':' was expected"},
      {"{\"a\":", "1:6: the text ends where a value was expected"},
      {"{\"a\":1", "1:7: the text ends where ',' or '}' was expected"},
      {"{\"a\":1,", "1:8: the text ends where a key in double quotes was expected"},
      {"[1", "1:3: the text ends where ',' or ']' was expected"},
      {"{\"a\":1,}", "1:7: this ',' is followed by '}'; remove it"},
      {"[1, 2,\n]", "1:6: this ',' is followed by ']'; remove it"},
      {"{\"a\": 1\n \"b\": 2}", "2:2: expected ',' or '}', found '\"'"},
      {"[1 2]", "1:4: expected ',' or ']', found '2'"},
      {"{\"a\" 1}", "1:6: expected ':' after the key, found '1'"},
      {"{\"a\":}", "1:6: expected a value, found '}'"},
      {"{a: 1}", "1:2: expected a key in double quotes or '}', found 'a'"},
      {"{'a': 1}", "1:2: texts are written in double quotes (\"), not single ones"},
      {"{\"a\": 'x'}", "1:7: texts are written in double quotes (\"), not single ones"},
      {"{\"a\": 1} x", "1:10: expected the end of the text, found 'x'"},
      {"{\"a\": 1 // one\n}", "1:9: JSON has no comments; remove this one"},
      {"# one\n{}", "1:1: JSON has no comments; remove this one"},
      {"[NaN]", "1:2: JSON has no number called 'NaN'"},
      {"[-Infinity]", "1:2: JSON has no number called '-Infinity'"},
      {"[True]", "1:2: write true in lower case"},
      {"[None]", "1:2: write null for \"no value\""},
      {"[nul]", "1:2: expected a value or ']', found 'nul'"},
      {"[01]", "1:2: '01' is no JSON number; leading zeros are not allowed"},
      {"[-012]", "1:2: '-012' is no JSON number; write it like -0.5 or 1e-3"},
      {"[.5]", "1:2: '.5' is no JSON number; write it like -0.5 or 1e-3"},
      {"[+5]", "1:2: '+5' is no JSON number; write it like -0.5 or 1e-3"},
      {"[5.]", "1:2: '5.' is no JSON number; write it like 0.5 or 1e-3"},
      {"[1-2]", "1:2: '1-2' is no JSON number; write it like 0.5 or 1e-3"},
      {"[\"abc", "1:2: this text has no closing '\"' before the end of the file"},
      {"[\"ab\nc\"]",
       "1:2: this text has no closing '\"' on its line; line breaks inside are written \\n"},
      {"[\"a\tb\"]",
       "1:4: a control character inside a text must be escaped; a tab is written \\t"},
      {"[\"C:\\data\"]", "1:5: '\\d' is no JSON escape; a backslash is written \\\\"},
      {"[\"\\ud800\"]",
       "1:3: this \\u escape is not four hexadecimal digits that make a character, or one of a "
       "pair is missing"},
      {"[\x01]", "1:2: expected a value or ']', found a control character (code 1)"},
      {"[abcdefghijklmnopqrstuvwxyzabcdef]",
       "1:2: expected a value or ']', found 'abcdefghijklmnopqrstuvwx...'"},
  };
  for (const SyntaxCase& c : cases) {
    EXPECT_EQ(refusal(c.text), std::string("c.json:") + c.sentence) << c.text;
  }
}

}  // namespace
}  // namespace reprotrain::harness
