// SPDX-License-Identifier: Apache-2.0
// Texts of a categorical column -> codes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reprotrain::engine {

/// Numbers distinct texts in the order of their first appearance, and renumbers them in byte order
/// at the end: the order of rows and of the hash map never reaches a code.
class CategoryDictionary {
 public:
  /// Provisional code of `text`, from 0.
  int32_t code_of(std::string_view text);

  int64_t size() const { return static_cast<int64_t>(texts_.size()); }

  /// Replaces provisional codes (kMissingCode stays) by final ones and returns the categories,
  /// sorted by bytes. The dictionary is empty afterwards.
  std::vector<std::string> finish(std::vector<int32_t>& codes);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  // Texts live in the nodes of the map, which never move.
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> code_of_text_;
  std::vector<const std::string*> texts_;
  int32_t last_ = -1;  // equal neighbours are common
};

/// Byte order (unsigned), the order of category lists.
bool bytes_less(std::string_view a, std::string_view b);

}  // namespace reprotrain::engine
