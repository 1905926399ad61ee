// SPDX-License-Identifier: Apache-2.0
#include "harness/config/schema.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reprotrain::harness {
namespace {

constexpr std::array<std::string_view, 30> kWords = {"$defs",
                                                     "$ref",
                                                     "$schema",
                                                     "additionalProperties",
                                                     "const",
                                                     "default",
                                                     "description",
                                                     "enum",
                                                     "exclusiveMaximum",
                                                     "exclusiveMinimum",
                                                     "items",
                                                     "maxItems",
                                                     "maxLength",
                                                     "maximum",
                                                     "minItems",
                                                     "minLength",
                                                     "minimum",
                                                     "oneOf",
                                                     "properties",
                                                     "required",
                                                     "title",
                                                     "type",
                                                     "uniqueItems",
                                                     "x-identity",
                                                     "x-optional",
                                                     "x-path"};

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorKind::kConfig, "the configuration schema " + sentence);
}

Json expand(const Json& node, const Json& definitions);

Json expand_members(const Json& members, const Json& definitions) {
  Json expanded = Json::object();
  for (const auto& [key, member] : members.items()) expanded[key] = expand(member, definitions);
  return expanded;
}

// The node without $ref, at every depth. Definitions may not refer to one another.
Json expand(const Json& node, const Json& definitions) {
  if (node.is_boolean()) return node;
  Json merged = node;
  if (const auto reference = node.find("$ref"); reference != node.end()) {
    constexpr std::string_view kPrefix = "#/$defs/";
    const std::string target = reference->get<std::string>();
    const std::string name = target.substr(std::min(kPrefix.size(), target.size()));
    if (!definitions.contains(name)) fail("refers to " + target + ", which is not there");
    merged = definitions.at(name);
    merged.update(node);
    merged.erase("$ref");
  }
  for (const auto& [word, unused] : merged.items()) {
    if (std::find(kWords.begin(), kWords.end(), word) == kWords.end()) fail("uses " + word);
  }
  if (merged.contains("properties")) {
    merged["properties"] = expand_members(merged["properties"], definitions);
  }
  for (const char* word : {"items", "additionalProperties"}) {
    if (merged.contains(word)) merged[word] = expand(merged[word], definitions);
  }
  if (merged.contains("oneOf")) {
    for (Json& alternative : merged["oneOf"]) alternative = expand(alternative, definitions);
  }
  merged.erase("$defs");
  return merged;
}

bool has_required_keys(const Json& node, const Json& value) {
  if (!node.contains("required")) return true;
  const Json& required = node["required"];
  return std::all_of(required.begin(), required.end(), [&](const Json& key) {
    return value.contains(key.get_ref<const std::string&>());
  });
}

bool is_object_node(const Json* node) {
  const std::vector<std::string> types = Schema::types(*node);
  return std::find(types.begin(), types.end(), "object") != types.end();
}

Json identity_of(const Json& node, const Json& value) {
  const Json* chosen = Schema::alternative_for(node, value);
  if (chosen == nullptr) return value;
  if (value.is_array() && chosen->contains("items")) {
    Json kept = Json::array();
    for (const Json& element : value) kept.push_back(identity_of((*chosen)["items"], element));
    return kept;
  }
  if (!value.is_object()) return value;
  Json kept = Json::object();
  for (const auto& [key, member] : value.items()) {
    const Json* member_node = Schema::member(*chosen, key);
    if (member_node != nullptr && !member_node->value("x-identity", true)) continue;
    kept[key] = member_node == nullptr ? member : identity_of(*member_node, member);
  }
  return kept;
}

}  // namespace

Schema::Schema(const Json& schema) : root_(expand(schema, schema.value("$defs", Json::object()))) {}

const Schema& Schema::config() {
  static const Schema schema(parse_json(config_schema_text(), "config.schema.json").value);
  return schema;
}

Json Schema::identity_part(const Json& resolved) const { return identity_of(root_, resolved); }

std::vector<std::string> Schema::types(const Json& node) {
  const auto type = node.find("type");
  if (type == node.end()) return {};
  if (type->is_string()) return {type->get<std::string>()};
  return type->get<std::vector<std::string>>();
}

bool Schema::accepts_type(const Json& node, const Json& value) {
  const auto is_whole = [&] {
    if (value.is_number_integer()) return true;
    if (!value.is_number_float()) return false;
    const double number = value.get<double>();
    return number == std::trunc(number) &&
           std::abs(number) <= static_cast<double>(kLargestExactInteger);
  };
  for (const std::string& type : types(node)) {
    if (type == "null" && value.is_null()) return true;
    if (type == "boolean" && value.is_boolean()) return true;
    if (type == "integer" && is_whole()) return true;
    if (type == "number" && value.is_number()) return true;
    if (type == "string" && value.is_string()) return true;
    if (type == "array" && value.is_array()) return true;
    if (type == "object" && value.is_object()) return true;
  }
  return false;
}

std::vector<const Json*> Schema::alternatives(const Json& node) {
  const auto one_of = node.find("oneOf");
  if (one_of == node.end()) return {&node};
  std::vector<const Json*> list;
  for (const Json& alternative : *one_of) list.push_back(&alternative);
  return list;
}

std::string Schema::discriminator(const Json& node) {
  if (!node.contains("oneOf")) return "";
  for (const Json* alternative : alternatives(node)) {
    if (!is_object_node(alternative)) continue;
    for (const auto& [key, member] : (*alternative)["properties"].items()) {
      if (member.contains("const")) return key;
    }
  }
  return "";
}

const Json* Schema::alternative_for(const Json& node, const Json& value) {
  if (!node.contains("oneOf")) return &node;
  const std::string key = discriminator(node);
  const Json* last = nullptr;
  for (const Json* alternative : alternatives(node)) {
    if (!accepts_type(*alternative, value)) continue;
    if (!value.is_object()) return alternative;
    if (key.empty()) {
      last = alternative;
      if (has_required_keys(*alternative, value)) return alternative;
    } else if (value.contains(key) && value[key] == (*alternative)["properties"][key]["const"]) {
      return alternative;
    }
  }
  return last;
}

const Json* Schema::member(const Json& node, const std::string& key) {
  if (const auto properties = node.find("properties"); properties != node.end()) {
    if (const auto found = properties->find(key); found != properties->end()) return &*found;
  }
  const auto others = node.find("additionalProperties");
  return others != node.end() && others->is_object() ? &*others : nullptr;
}

}  // namespace reprotrain::harness
