// SPDX-License-Identifier: Apache-2.0
// Reads tests/golden/*.kat: a case a line, `origin kind input... = output...`; # starts a comment.
#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain::testing {

struct KnownAnswer {
  std::string line;    ///< for messages
  std::string origin;  ///< "oracle": computed independently; "self": here, to notice a change
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

/// All cases of one kind. Throws when the file cannot be read, a line is malformed or there is no
/// such case: a missing golden value is a failure.
inline std::vector<KnownAnswer> known_answers(const std::string& file_name, std::string_view kind) {
  const std::string path = std::string(REPROTRAIN_SOURCE_DIR) + "/tests/golden/" + file_name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<KnownAnswer> answers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    KnownAnswer answer{line, {}, {}, {}};
    std::string own_kind;
    if (!(words >> answer.origin >> own_kind)) continue;
    if (answer.origin != "oracle" && answer.origin != "self") {
      throw std::runtime_error(path + ": a line without origin: " + line);
    }
    if (own_kind != kind) continue;
    bool after = false;
    for (std::string word; words >> word;) {
      if (!after && word == "=") {
        after = true;
      } else {
        (after ? answer.outputs : answer.inputs).push_back(word);
      }
    }
    if (!after) throw std::runtime_error(path + ": a line without '=': " + line);
    answers.push_back(answer);
  }
  if (answers.empty()) {
    throw std::runtime_error(path + " has no case of kind " + std::string(kind));
  }
  return answers;
}

inline uint64_t from_hex(const std::string& digits) { return std::stoull(digits, nullptr, 16); }
inline uint64_t from_decimal(const std::string& digits) { return std::stoull(digits, nullptr, 10); }

}  // namespace reprotrain::testing
