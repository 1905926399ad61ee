// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known name that is closest to a name nobody knows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace reprotrain::engine {

/// Edit distance between two texts: the fewest insertions, deletions and replacements of a byte and
/// swaps of two neighbours (each byte edited once) that turn `a` into `b`. Letters differing only
/// in ASCII case count as equal.
int64_t edit_distance(std::string_view a, std::string_view b);

/// The element of `known` with the smallest edit distance to `name` (the first of equals), or ""
/// when none is within a third of the longer text, rounded up: a far-fetched guess is worse than
/// none.
std::string closest_name(std::string_view name, std::span<const std::string> known);

/// `; did you mean "x"?` for the closest of `known`, or "" when nothing is close.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace reprotrain::engine
