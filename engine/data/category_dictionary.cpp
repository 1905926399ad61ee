// SPDX-License-Identifier: Apache-2.0
#include "engine/data/category_dictionary.h"

#include <algorithm>
#include <cstring>

namespace reprotrain::engine {

bool bytes_less(std::string_view a, std::string_view b) {
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order < 0 : a.size() < b.size();
}

int32_t CategoryDictionary::code_of(std::string_view text) {
  if (last_ >= 0 && *texts_[static_cast<size_t>(last_)] == text) return last_;
  auto found = code_of_text_.find(text);
  if (found == code_of_text_.end()) {
    found = code_of_text_.emplace(std::string(text), static_cast<int32_t>(texts_.size())).first;
    texts_.push_back(&found->first);
  }
  last_ = found->second;
  return last_;
}

std::vector<std::string> CategoryDictionary::finish(std::vector<int32_t>& codes) {
  std::vector<int32_t> order(texts_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return bytes_less(*texts_[static_cast<size_t>(a)], *texts_[static_cast<size_t>(b)]);
  });
  std::vector<int32_t> final_code(order.size());
  std::vector<std::string> categories;
  categories.reserve(order.size());
  for (size_t rank = 0; rank < order.size(); ++rank) {
    final_code[static_cast<size_t>(order[rank])] = static_cast<int32_t>(rank);
    categories.push_back(*texts_[static_cast<size_t>(order[rank])]);
  }
  for (int32_t& code : codes) {
    if (code >= 0) code = final_code[static_cast<size_t>(code)];
  }
  code_of_text_.clear();
  texts_.clear();
  last_ = -1;
  return categories;
}

}  // namespace reprotrain::engine
