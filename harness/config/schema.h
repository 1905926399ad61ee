// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of configurations (docs/config.schema.json): the one source of keys, types,
// ranges, defaults and of which keys belong to a result's identity.
//
// A subset of draft 2020-12: type, properties, required, additionalProperties, items, enum, const,
// minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems,
// uniqueItems, oneOf, $ref into $defs, default, description. Of our own: x-identity (the key
// decides the result), x-optional (may be absent and has no default), x-path (a path). A schema
// that uses any other word is refused, since it would be ignored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/config/json_document.h"

namespace reprotrain::harness {

/// Text of docs/config.schema.json, built into the program.
std::string_view config_schema_text();

class Schema {
 public:
  /// Expands every $ref. Throws Error(kConfig) when the schema uses a word outside of the subset.
  explicit Schema(const Json& schema);

  /// The schema of configurations.
  static const Schema& config();

  /// The expanded schema.
  const Json& root() const { return root_; }

  /// What is left of a resolved document when every key marked "x-identity": false is taken away.
  Json identity_part(const Json& resolved) const;

  // Questions about one (expanded) node of a schema.

  /// The JSON types that a node without oneOf accepts: "integer", "string", ...
  static std::vector<std::string> types(const Json& node);
  /// True when the node (without oneOf) accepts the JSON type of `value`; 1.0 is an integer.
  static bool accepts_type(const Json& node, const Json& value);
  /// The alternatives of a oneOf, or the node itself.
  static std::vector<const Json*> alternatives(const Json& node);
  /// The key whose constant tells the object alternatives apart ("type", "op"), or "".
  static std::string discriminator(const Json& node);
  /// The alternative that `value` belongs to (the node itself when it is no oneOf), or nullptr.
  /// Objects without discriminator belong to the first alternative whose required keys they have.
  static const Json* alternative_for(const Json& node, const Json& value);
  /// Schema of a member of an object node, or nullptr for an unknown key.
  static const Json* member(const Json& node, const std::string& key);

 private:
  Json root_;
};

}  // namespace reprotrain::harness
