// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/invariance_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace reprotrain::kernels {
namespace {

TEST(InvarianceTable, IsTheOneInTheDocumentation) {
  std::ifstream file(std::string(REPROTRAIN_SOURCE_DIR) + "/docs/determinism.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("\n\n" + invariance_table()), std::string::npos)
      << "docs/determinism.md must hold what reprotrain_conformance --invariances prints:\n"
      << invariance_table();
}

}  // namespace
}  // namespace reprotrain::kernels
