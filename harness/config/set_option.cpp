// SPDX-License-Identifier: Apache-2.0
#include "harness/config/set_option.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "engine/data/utf8.h"
#include "harness/config/schema_wording.h"

namespace reprotrain::harness {
namespace {

using Nodes = std::vector<const Json*>;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string unescape_pointer(const std::string& part) {
  std::string text;
  for (size_t i = 0; i < part.size(); ++i) {
    const bool escape =
        part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
    text += !escape ? part[i] : part[++i] == '0' ? '~' : '/';
  }
  return text;
}

// The schema nodes that may stand below `nodes` under `key`, given what the document holds there.
Nodes descend(const Nodes& nodes, const Json& value, const std::string& key) {
  Nodes below;
  for (const Json* node : nodes) {
    const Json* chosen = Schema::alternative_for(*node, value);
    const Nodes candidates =
        chosen != nullptr && !value.is_null() ? Nodes{chosen} : Schema::alternatives(*node);
    for (const Json* candidate : candidates) {
      if (value.is_array() && candidate->contains("items")) below.push_back(&(*candidate)["items"]);
      if (value.is_array()) continue;
      if (const Json* member = Schema::member(*candidate, key)) below.push_back(member);
    }
  }
  return below;
}

class Assignment {
 public:
  Assignment(JsonDocument& document, const Schema& schema, const std::string& text)
      : document_(document), schema_(schema), text_(text) {}

  void apply() {
    if (!engine::is_utf8(text_)) fail("the text is not valid UTF-8");
    const size_t equals = text_.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail("expected KEY=VALUE, such as train.batch_size=64");
    }
    const std::vector<std::string> path = path_of(text_.substr(0, equals));
    Nodes nodes{&schema_.root()};
    Json* value = &document_.value;
    std::string pointer;
    for (const std::string& key : path) {
      if (!value->is_structured()) start_object(*value, nodes, pointer);
      const Nodes below = descend(nodes, *value, key);
      value = value->is_array() ? &element(*value, key, pointer) : &(*value)[key];
      nodes = below;
      pointer = child_pointer(pointer, key);
    }
    *value = read_value(text_.substr(equals + 1), nodes);
    mark(pointer);
  }

 private:
  [[noreturn]] void fail(const std::string& sentence) const {
    throw Error(ErrorKind::kUsage, "--set " + text_ + ": " + sentence);
  }

  std::vector<std::string> path_of(const std::string& key) const {
    const bool is_pointer = key[0] == '/';
    std::vector<std::string> path =
        is_pointer ? split(std::string_view(key).substr(1), '/') : split(key, '.');
    for (std::string& part : path) {
      if (is_pointer) part = unescape_pointer(part);
      if (part.empty()) fail("the key has an empty part");
    }
    return path;
  }

  // The document has nothing here that holds members: begin with the default of the schema.
  void start_object(Json& value, const Nodes& nodes, const std::string& pointer) {
    if (!value.is_null()) {
      fail(pointer + " is " + describe_value(value) +
           ", which has nothing inside that could be set");
    }
    value = Json::object();
    for (const Json* node : nodes) {
      if (node->contains("default") && (*node)["default"].is_object()) value = (*node)["default"];
    }
    mark(pointer);
  }

  Json& element(Json& array, const std::string& key, const std::string& pointer) const {
    size_t index = 0;
    const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), index);
    const std::string size =
        std::to_string(array.size()) + (array.size() == 1 ? " entry" : " entries");
    if (code != std::errc() || end != key.data() + key.size()) {
      fail(pointer + " is a list of " + size + "; name one by its number, not " + in_quotes(key));
    }
    if (index >= array.size()) {
      fail(pointer + " has " + size + ", numbered from 0; there is no " + key);
    }
    return array[index];
  }

  Json read_value(const std::string& raw, const Nodes& nodes) const {
    const bool begins_json =
        !raw.empty() && std::string_view("[{\"").find(raw[0]) != std::string::npos;
    if (only_text(nodes) && (raw.empty() || raw[0] != '"')) return raw;
    try {
      return parse_json(raw, "value").value;
    } catch (const Error& error) {
      // A bare word; where no text is accepted, the check against the schema says so.
      if (!begins_json) return raw;
      fail(error.what());
    }
  }

  static bool only_text(const Nodes& nodes) {
    for (const Json* node : nodes) {
      for (const Json* alternative : Schema::alternatives(*node)) {
        if (Schema::types(*alternative) != std::vector<std::string>{"string"}) return false;
      }
    }
    return !nodes.empty();
  }

  // The value at `pointer` no longer comes from the file.
  void mark(const std::string& pointer) {
    const auto forget = [&](auto& places) {
      std::erase_if(places, [&](const auto& place) {
        return place.first == pointer || place.first.rfind(pointer + "/", 0) == 0;
      });
    };
    forget(document_.key_places);
    forget(document_.value_places);
    forget(document_.overrides);
    document_.overrides[pointer] = "--set " + text_;
  }

  JsonDocument& document_;
  const Schema& schema_;
  const std::string& text_;
};

}  // namespace

void apply_set(JsonDocument& document, const Schema& schema, const std::string& assignment) {
  Assignment(document, schema, assignment).apply();
}

}  // namespace reprotrain::harness
