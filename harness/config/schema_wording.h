// SPDX-License-Identifier: Apache-2.0
// How messages speak of values, types and ranges.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "harness/config/json_document.h"

namespace reprotrain::harness {

/// "64", "\"sixty-four\"", "a list", "an object": a value as a message quotes it, cut when long.
std::string describe_value(const Json& value);

/// "a whole number", "a number or null", "one of relu, tanh, sigmoid, gelu": what a node of the
/// schema accepts.
std::string describe_type(const Json& node);

/// "a, b or c"; `words` may hold any number.
std::string join_or(std::span<const std::string> words);
/// "a, b, c".
std::string join(std::span<const std::string> words);

/// A text in double quotes.
std::string in_quotes(std::string_view text);

}  // namespace reprotrain::harness
