// SPDX-License-Identifier: Apache-2.0
// What a schema cannot say: rules between keys of a configuration.
#pragma once

#include "harness/config/json_document.h"

namespace reprotrain::harness {

/// Checks a resolved configuration; `document` knows where its values came from. Throws
/// Error(kConfig) with one sentence that begins with the place and names the keys that contradict
/// each other.
void check_config_rules(const Json& resolved, const JsonDocument& document);

}  // namespace reprotrain::harness
