// SPDX-License-Identifier: Apache-2.0
// JSON with exactly one text for each value: RFC 8785 (JSON Canonicalization Scheme).
//
// No white space; members ordered by the UTF-16 code units of their keys; numbers as ECMAScript
// prints binary64; only the escapes that JSON demands. Digests of JSON are digests of this text.
#pragma once

#include <string>

#include "harness/config/json_value.h"

namespace reprotrain::harness {

/// The canonical text. Throws Error(kData) for what it cannot hold: NaN and infinities, whole
/// numbers of magnitude above 2^53, text that is not UTF-8, binary values.
std::string canonical_json(const Json& value);

/// The same members, order and numbers, spread over lines with two blanks of indentation; lists of
/// plain values stay on one line. Ends with a line break.
std::string pretty_json(const Json& value);

/// A finite number as ECMAScript's Number::toString prints it: 1e+21, 100, 0.000001, 1e-7; -0 is
/// "0".
std::string ecmascript_number(double value);

}  // namespace reprotrain::harness
