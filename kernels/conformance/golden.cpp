// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/golden.h"

#include <stdexcept>

namespace reprotrain::kernels {
namespace {

/// Cuts `text` at the first `separator`; returns what stood before it.
std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::string_view word = take_until(line, ' ');
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

}  // namespace

std::string_view golden_text(std::string_view name) {
  for (const GoldenFile& golden : golden_files()) {
    if (golden.name == name) return golden.text;
  }
  throw std::runtime_error("this build has no golden file " + std::string(name));
}

std::vector<GoldenCase> golden_cases(std::string_view text, std::string_view kind) {
  std::vector<GoldenCase> cases;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::vector<std::string_view> words = words_of(take_until(line, '#'));
    if (words.empty()) continue;
    if (words.size() < 3 || (words[0] != "oracle" && words[0] != "self")) {
      throw std::runtime_error("a golden line without origin or kind: " + std::string(words[0]));
    }
    if (words[1] != kind) continue;
    GoldenCase golden{words[0], {}, {}};
    Words* side = &golden.inputs;
    for (size_t i = 2; i < words.size(); ++i) {
      if (side == &golden.inputs && words[i] == "=") {
        side = &golden.outputs;
      } else {
        side->emplace_back(words[i]);
      }
    }
    if (side == &golden.inputs) throw std::runtime_error("a golden line without '='");
    cases.push_back(std::move(golden));
  }
  return cases;
}

}  // namespace reprotrain::kernels
