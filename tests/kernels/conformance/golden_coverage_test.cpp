// SPDX-License-Identifier: Apache-2.0
// No known answer without somebody who compares it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/check_list.h"
#include "kernels/conformance/cpu_device.h"

namespace reprotrain::kernels {
namespace {

/// Golden files of whole runs, which no operator answers, and who compares them.
const std::map<std::string_view, std::string> kComparedElsewhere = {
    {"examples.kat", "tests/program/program.py"},
    {"result_id.kat", "tests/harness/record/result_id_test.cpp"},
    {"training_steps.kat", "tests/engine/models/network_test.cpp"},
};

/// The kinds of lines in a golden file.
std::set<std::string> kinds_in(std::string_view text) {
  std::set<std::string> kinds;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string origin, kind;
    if (words >> origin >> kind) kinds.insert(kind);
  }
  return kinds;
}

std::vector<ConformanceCheck> checks_of(std::string_view file, std::string_view kind) {
  std::vector<ConformanceCheck> checks;
  for (const ConformanceCheck& check : conformance_checks()) {
    if (check.file == file && check.kind == kind) checks.push_back(check);
  }
  return checks;
}

/// Calls `use(file, kind)` for all lines that operators answer.
template <typename Use>
void for_each_kind(const Use& use) {
  for (const GoldenFile& golden : golden_files()) {
    if (kComparedElsewhere.contains(golden.name)) continue;
    for (const std::string& kind : kinds_in(golden.text)) use(golden, kind);
  }
}

TEST(GoldenCoverage, EveryKindOfLineHasACheck) {
  for_each_kind([](const GoldenFile& golden, const std::string& kind) {
    EXPECT_FALSE(checks_of(golden.name, kind).empty())
        << golden.name << " has lines of kind " << kind
        << ", which nobody compares: add a check to kernels/conformance/check_list.cpp";
  });
}

TEST(GoldenCoverage, EveryWordIsComparedBySomeCheck) {
  const SerialParallel serial;
  const auto device = cpu_device(serial);
  for_each_kind([&](const GoldenFile& golden, const std::string& kind) {
    const GoldenCase first = golden_cases(golden.text, kind).front();
    std::vector<bool> is_compared(first.outputs.size(), false);
    for (const ConformanceCheck& check : checks_of(golden.name, kind)) {
      Words words;
      ASSERT_TRUE(check.run(*device, first.inputs, words)) << check.operation;
      ASSERT_EQ(words.size(), is_compared.size()) << check.operation;
      for (size_t i = 0; i < words.size(); ++i) {
        if (words[i] != kNotCompared) is_compared[i] = true;
      }
    }
    for (size_t i = 0; i < is_compared.size(); ++i) {
      EXPECT_TRUE(is_compared[i]) << golden.name << ", kind " << kind << ": word " << i;
    }
  });
}

TEST(GoldenCoverage, WhoComparesTheOthersNamesThem) {
  for (const auto& [golden, place] : kComparedElsewhere) {
    EXPECT_FALSE(golden_text(golden).empty());
    std::ifstream file(std::string(REPROTRAIN_SOURCE_DIR) + "/" + place);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_NE(text.str().find(golden), std::string::npos) << place << " does not read " << golden;
  }
}

}  // namespace
}  // namespace reprotrain::kernels
