// SPDX-License-Identifier: Apache-2.0
#include "harness/config/resolve.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/data/closest_name.h"
#include "harness/config/schema_wording.h"

namespace reprotrain::harness {
namespace {

std::string name_of(const std::string& pointer) {
  return pointer.empty() ? "the configuration" : pointer;
}

size_t n_characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  }));
}

std::string counted(const Json& count, const std::string& unit) {
  const bool one = count == 1;
  return describe_value(count) + " " + (one ? unit : unit == "entry" ? "entries" : unit + "s");
}

class Resolver {
 public:
  explicit Resolver(const JsonDocument& document) : document_(document) {}

  Json resolve(const Json& node, const Json& value, const std::string& pointer) const {
    if (!node.contains("oneOf")) return resolve_plain(node, value, pointer, node);
    const Json* chosen = Schema::alternative_for(node, value);
    if (chosen == nullptr) fail_alternative(node, value, pointer);
    return resolve_plain(*chosen, value, pointer, node);
  }

 private:
  [[noreturn]] void fail(const std::string& pointer, const std::string& sentence) const {
    throw Error(ErrorKind::kConfig, document_.where(pointer) + ": " + sentence);
  }

  // `value` belongs to none of the alternatives.
  [[noreturn]] void fail_alternative(const Json& node, const Json& value,
                                     const std::string& pointer) const {
    const std::string key = Schema::discriminator(node);
    if (!value.is_object() || key.empty()) fail_type(node, value, pointer);
    std::vector<std::string> names;
    for (const Json* alternative : Schema::alternatives(node)) {
      if (const Json* member = Schema::member(*alternative, key)) {
        names.push_back((*member)["const"].get<std::string>());
      }
    }
    const std::string child = child_pointer(pointer, key);
    if (!value.contains(key)) {
      fail(pointer, "missing key " + child + "; it must be one of " + join(names));
    }
    std::string sentence =
        child + " must be one of " + join(names) + ", not " + describe_value(value[key]);
    if (value[key].is_string())
      sentence += engine::did_you_mean(value[key].get<std::string>(), names);
    fail(child, sentence);
  }

  [[noreturn]] void fail_type(const Json& node, const Json& value,
                              const std::string& pointer) const {
    fail(pointer,
         name_of(pointer) + " must be " + describe_type(node) + ", not " + describe_value(value));
  }

  // `family` is the oneOf that `node` was chosen from, or `node` itself.
  Json resolve_plain(const Json& node, const Json& value, const std::string& pointer,
                     const Json& family) const {
    if (!Schema::accepts_type(node, value)) fail_type(family, value, pointer);
    check_choice(node, value, pointer);
    if (value.is_number()) return resolve_number(node, value, pointer);
    if (value.is_string()) check_length(node, value.get_ref<const std::string&>(), pointer);
    if (value.is_array()) return resolve_array(node, value, pointer);
    if (value.is_object()) return resolve_object(node, value, pointer, family);
    return value;
  }

  void check_choice(const Json& node, const Json& value, const std::string& pointer) const {
    const auto choices = node.find("enum");
    if (choices == node.end() ||
        std::find(choices->begin(), choices->end(), value) != choices->end()) {
      return;
    }
    std::string sentence =
        name_of(pointer) + " must be " + describe_type(node) + ", not " + describe_value(value);
    if (value.is_string()) {
      sentence +=
          engine::did_you_mean(value.get<std::string>(), choices->get<std::vector<std::string>>());
    }
    fail(pointer, sentence);
  }

  Json resolve_number(const Json& node, const Json& value, const std::string& pointer) const {
    const double number = value.get<double>();
    const auto check = [&](const char* word, bool (*holds)(double, double), const char* wording) {
      const auto bound = node.find(word);
      if (bound == node.end() || holds(number, bound->get<double>())) return;
      fail(pointer, pointer + " must be " + wording + " " + describe_value(*bound) + ", not " +
                        describe_value(value));
    };
    check(
        "minimum", [](double a, double b) { return a >= b; }, "at least");
    check(
        "exclusiveMinimum", [](double a, double b) { return a > b; }, "greater than");
    check(
        "maximum", [](double a, double b) { return a <= b; }, "at most");
    check(
        "exclusiveMaximum", [](double a, double b) { return a < b; }, "less than");
    static const Json kWhole = {{"type", "integer"}};
    if (Schema::accepts_type(kWhole, value)) return static_cast<int64_t>(number);
    return value;
  }

  void check_length(const Json& node, const std::string& text, const std::string& pointer) const {
    check_size(node, {"minLength", "maxLength", "character"}, n_characters(text), pointer);
  }

  struct SizeRule {
    const char* minimum;
    const char* maximum;
    const char* unit;
  };

  void check_size(const Json& node, const SizeRule& rule, size_t size,
                  const std::string& pointer) const {
    const auto least = node.find(rule.minimum);
    if (least != node.end() && size < least->get<size_t>()) {
      fail(pointer, pointer + " must have at least " + counted(*least, rule.unit) + ", not " +
                        std::to_string(size));
    }
    const auto most = node.find(rule.maximum);
    if (most != node.end() && size > most->get<size_t>()) {
      fail(pointer, pointer + " must have at most " + counted(*most, rule.unit) + ", not " +
                        std::to_string(size));
    }
  }

  Json resolve_array(const Json& node, const Json& value, const std::string& pointer) const {
    check_size(node, {"minItems", "maxItems", "entry"}, value.size(), pointer);
    Json resolved = Json::array();
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string child = child_pointer(pointer, i);
      resolved.push_back(resolve(node["items"], value[i], child));
      const bool repeated =
          std::find(resolved.begin(), resolved.end() - 1, resolved.back()) != resolved.end() - 1;
      if (node.value("uniqueItems", false) && repeated) {
        fail(child, child + " repeats " + describe_value(value[i]) + "; name it once");
      }
    }
    return resolved;
  }

  Json resolve_object(const Json& node, const Json& value, const std::string& pointer,
                      const Json& family) const {
    const std::vector<std::string> keys = keys_in_text_order(value, pointer);
    for (const std::string& key : keys) {
      if (Schema::member(node, key) == nullptr) fail_unknown(node, key, pointer, value, family);
    }
    if (const auto required = node.find("required"); required != node.end()) {
      for (const Json& key : *required) require(node, value, key.get<std::string>(), pointer);
    }
    Json resolved = Json::object();
    for (const std::string& key : keys) {
      resolved[key] = resolve(*Schema::member(node, key), value[key], child_pointer(pointer, key));
    }
    fill_in(node, resolved, pointer);
    return resolved;
  }

  // So that of several problems the first in the file is named.
  std::vector<std::string> keys_in_text_order(const Json& value, const std::string& pointer) const {
    std::vector<std::pair<TextPlace, std::string>> placed;
    for (const auto& [key, unused] : value.items()) {
      const auto place = document_.key_places.find(child_pointer(pointer, key));
      placed.emplace_back(place == document_.key_places.end() ? TextPlace{} : place->second, key);
    }
    std::sort(placed.begin(), placed.end());
    std::vector<std::string> keys;
    for (auto& [place, key] : placed) keys.push_back(std::move(key));
    return keys;
  }

  void fill_in(const Json& node, Json& resolved, const std::string& pointer) const {
    const auto properties = node.find("properties");
    if (properties == node.end()) return;
    for (const auto& [key, member] : properties->items()) {
      if (resolved.contains(key) || !member.contains("default")) continue;
      resolved[key] = resolve(member, member["default"], child_pointer(pointer, key));
    }
  }

  void require(const Json& node, const Json& value, const std::string& key,
               const std::string& pointer) const {
    if (value.contains(key)) return;
    const Json& member = *Schema::member(node, key);
    fail(pointer,
         "missing key " + child_pointer(pointer, key) + "; it must be " + describe_type(member));
  }

  [[noreturn]] void fail_unknown(const Json& node, const std::string& key,
                                 const std::string& pointer, const Json& value,
                                 const Json& family) const {
    const std::string child = child_pointer(pointer, key);
    for (const Json* other : Schema::alternatives(family)) {
      if (other == &node || Schema::member(*other, key) == nullptr) continue;
      fail_key(child, "key " + child + " does not go with " + what_was_chosen(node, value, family));
    }
    std::vector<std::string> known;
    for (const auto& [name, unused] : node["properties"].items()) known.push_back(name);
    const std::string hint = engine::did_you_mean(key, known);
    fail_key(child,
             "unknown key " + child + (hint.empty() ? "; known keys are " + join(known) : hint));
  }

  // "type \"sgd\"" or "key \"column\"".
  static std::string what_was_chosen(const Json& node, const Json& value, const Json& family) {
    const std::string key = Schema::discriminator(family);
    if (!key.empty()) return key + " " + describe_value(value[key]);
    return "key " +
           in_quotes(node.contains("required") ? node["required"][0].get<std::string>() : "");
  }

  [[noreturn]] void fail_key(const std::string& pointer, const std::string& sentence) const {
    throw Error(ErrorKind::kConfig, document_.where_key(pointer) + ": " + sentence);
  }

  const JsonDocument& document_;
};

}  // namespace

Json resolve(const JsonDocument& document, const Schema& schema) {
  return Resolver(document).resolve(schema.root(), document.value, "");
}

}  // namespace reprotrain::harness
