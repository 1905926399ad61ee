// SPDX-License-Identifier: Apache-2.0
// Look-up in the lists of kernels: short, in an order that means something, each entry with a name.
#pragma once

#include <span>
#include <string_view>

namespace reprotrain::kernels {

/// The first entry of that name, or nullptr.
template <class Entry>
const Entry* find_by_name(std::span<const Entry> list, std::string_view name) {
  for (const Entry& entry : list) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace reprotrain::kernels
