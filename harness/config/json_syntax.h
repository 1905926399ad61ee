// SPDX-License-Identifier: Apache-2.0
// What a person should read when a text is not JSON: what was expected, and what stands there
// instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reprotrain::harness {

/// What may come next in a JSON text.
enum class JsonExpectation {
  kDocument,      ///< the one value of the text
  kEnd,           ///< nothing more
  kFirstKey,      ///< a key, or the end of an empty object
  kColon,         ///< after a key, up to and including its value
  kFirstElement,  ///< a value, or the end of an empty array
  kMemberEnd,     ///< after a value in an object: ',' and the next key, or '}'
  kElementEnd,    ///< after a value in an array: ',' and the next value, or ']'
};

struct JsonSyntaxProblem {
  size_t offset = 0;     ///< byte where the problem stands
  std::string sentence;  ///< without the place
};

/// Explains why `text` cannot go on after byte `offset` (the end of the last good token).
JsonSyntaxProblem explain_json_syntax(std::string_view text, size_t offset,
                                      JsonExpectation expected);

/// First byte at or after `offset` that is not JSON white space.
size_t skip_json_space(std::string_view text, size_t offset);

}  // namespace reprotrain::harness
