// SPDX-License-Identifier: Apache-2.0
// `--set a.b=value` on the command line: a change of the document before it is checked.
#pragma once

#include <string>

#include "harness/config/json_document.h"
#include "harness/config/schema.h"

namespace reprotrain::harness {

/// Puts the value into `document`. `assignment` is "train.batch_size=64", with list entries by
/// their number from 0 ("features.0.strategy=median"), or a JSON pointer for keys that contain dots
/// ("/data/columns/a.b=numeric").
///
/// The schema decides how the value is read: where only a text is accepted it is taken as it stands
/// (unless it is a JSON text in double quotes), elsewhere as JSON (64, true, null, [64, 32]), and
/// where a text is accepted too, whatever is not JSON is a text. An object on the way that the
/// document does not have starts from its default. Throws Error(kUsage) with a sentence that quotes
/// the assignment.
void apply_set(JsonDocument& document, const Schema& schema, const std::string& assignment);

}  // namespace reprotrain::harness
