// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/golden.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace reprotrain::kernels {
namespace {

TEST(Golden, EmbeddedFilesAreThoseOfTheTree) {
  ASSERT_GE(golden_files().size(), 8u);
  for (const GoldenFile& golden : golden_files()) {
    std::ifstream file(std::string(REPROTRAIN_SOURCE_DIR) + "/tests/golden/" +
                       std::string(golden.name));
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(golden.text, text.str()) << golden.name;
  }
}

TEST(Golden, ALineIsOriginKindInputsOutputs) {
  const auto cases =
      golden_cases("# head\noracle sum 1 2 = 3\nself  sum 4 =\noracle other x = y\n", "sum");
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].origin, "oracle");
  EXPECT_EQ(cases[0].inputs, (Words{"1", "2"}));
  EXPECT_EQ(cases[0].outputs, Words{"3"});
  EXPECT_EQ(cases[1].origin, "self");
  EXPECT_TRUE(cases[1].outputs.empty());
}

TEST(Golden, MalformedLinesAreErrors) {
  for (const char* text : {"sum 1 = 2", "oracle sum 1 2", "oracle", "guess sum 1 = 2"}) {
    EXPECT_THROW(golden_cases(text, "sum"), std::runtime_error) << text;
  }
}

}  // namespace
}  // namespace reprotrain::kernels
