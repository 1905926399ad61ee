// SPDX-License-Identifier: Apache-2.0
// Reading fitted state back, without trusting it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/hdf5_tree.h"

namespace reprotrain::engine {

/// Datasets of a group that a transform saved. A missing one, another type, another length than
/// `expected_size` (where that is not negative) is an Error(kEvidence).
std::vector<std::string> stored_texts(const Hdf5Node& group, std::string_view name,
                                      int64_t expected_size = -1);
std::vector<int64_t> stored_integers(const Hdf5Node& group, std::string_view name,
                                     int64_t expected_size = -1);
std::vector<float> stored_floats(const Hdf5Node& group, std::string_view name,
                                 int64_t expected_size = -1);
std::vector<double> stored_doubles(const Hdf5Node& group, std::string_view name,
                                   int64_t expected_size = -1);

/// Scalar attributes.
int64_t stored_integer_attribute(const Hdf5Node& group, const std::string& name);
std::string stored_text_attribute(const Hdf5Node& group, const std::string& name);

/// Widths of columns: as stored_integers, each at least 1. `total` is their sum,
/// at most 2^26.
std::vector<int64_t> stored_widths(const Hdf5Node& group, std::string_view name,
                                   int64_t expected_size, int64_t& total);

/// A list of categories: sorted by bytes, without repetition.
std::vector<std::string> stored_categories(const Hdf5Node& group, std::string_view name);

/// Throws the Error(kEvidence) of a damaged state.
[[noreturn]] void fail_stored_state(const std::string& what);

}  // namespace reprotrain::engine
