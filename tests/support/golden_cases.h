// SPDX-License-Identifier: Apache-2.0
// Reads the cases of one kind, in file order: `origin kind input... = output...`, # starts a
// comment.
#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace reprotrain::tests {

struct GoldenCase {
  std::string origin;  ///< "oracle" (independent) or "self"
  std::string kind;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string line;  ///< the whole line, for messages
};

/// The cases of `kind` in tests/golden/`file`. A missing file or no such case is a failure, not a
/// pass.
inline std::vector<GoldenCase> golden_cases(const std::string& file, const std::string& kind) {
  const std::string path = std::string(REPROTRAIN_SOURCE_DIR) + "/tests/golden/" + file;
  std::ifstream lines(path);
  if (!lines) throw std::runtime_error(path + ": golden file is missing");
  std::vector<GoldenCase> cases;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    GoldenCase found;
    found.line = line;
    words >> found.origin >> found.kind;
    if (found.kind != kind) continue;
    auto* side = &found.inputs;
    for (std::string word; words >> word;) {
      if (word == "=") {
        side = &found.outputs;
      } else {
        side->push_back(word);
      }
    }
    cases.push_back(found);
  }
  if (cases.empty()) throw std::runtime_error(path + ": no case of kind " + kind);
  return cases;
}

inline uint64_t from_hex(const std::string& word) { return std::stoull(word, nullptr, 16); }
inline uint64_t from_decimal(const std::string& word) { return std::stoull(word, nullptr, 10); }

}  // namespace reprotrain::tests
