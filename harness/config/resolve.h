// SPDX-License-Identifier: Apache-2.0
// From a document to a resolved one: every key known, typed, in range, and there.
#pragma once

#include "harness/config/json_document.h"
#include "harness/config/schema.h"

namespace reprotrain::harness {

/// Checks `document` against `schema` and fills in the defaults. Whole numbers become integers,
/// however they were written, so that 1 and 1.0 resolve to the same document.
///
/// Throws Error(kConfig) with one sentence that begins with the place ("digits.json:7:3: " or
/// "--set train.epochs=0: ") and names the JSON pointer: unknown, missing or mistyped key, value
/// out of range, and the closest known name.
Json resolve(const JsonDocument& document, const Schema& schema);

}  // namespace reprotrain::harness
