// SPDX-License-Identifier: Apache-2.0
// The schema is complete: every key has a description, an identity mark, and a default or is
// required.
#include "harness/config/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "engine/data/atomic_file.h"
#include "engine/features/transform_list.h"
#include "engine/models/model_list.h"
#include "kernels/metric/metric_list.h"
#include "tests/harness/config/config_text.h"

namespace reprotrain::harness {
namespace {

using Visit = std::function<void(const Json& owner, const std::string& key, const Json& member,
                                 const std::string& pointer)>;

void for_each_key(const Json& node, const std::string& pointer, const Visit& visit) {
  for (const Json* alternative : Schema::alternatives(node)) {
    const Json properties = alternative->value("properties", Json::object());
    for (const auto& [key, member] : properties.items()) {
      const std::string child = child_pointer(pointer, key);
      visit(*alternative, key, member, child);
      for_each_key(member, child, visit);
    }
    if (alternative->contains("items")) {
      for_each_key((*alternative)["items"], child_pointer(pointer, "*"), visit);
    }
  }
}

TEST(Schema, EveryKeyIsDescribedMarkedAndHasADefaultOrIsRequired) {
  int n_keys = 0;
  for_each_key(
      Schema::config().root(), "",
      [&](const Json& owner, const std::string& key, const Json& member,
          const std::string& pointer) {
        ++n_keys;
        EXPECT_TRUE(member.contains("description")) << pointer;
        EXPECT_TRUE(member.contains("x-identity") && member["x-identity"].is_boolean()) << pointer;
        const Json required = owner.value("required", Json::array());
        const bool is_required = std::find(required.begin(), required.end(), key) != required.end();
        const int ways = (is_required ? 1 : 0) + (member.contains("default") ? 1 : 0) +
                         (member.value("x-optional", false) ? 1 : 0);
        EXPECT_EQ(ways, 1) << pointer << " is exactly one of required, defaulted, optional";
        EXPECT_TRUE(member.contains("type") || member.contains("oneOf")) << pointer;
      });
  EXPECT_GT(n_keys, 80);
}

TEST(Schema, EveryObjectRefusesUnknownKeys) {
  const std::function<void(const Json&, const std::string&)> check =
      [&](const Json& node, const std::string& pointer) {
        for (const Json* alternative : Schema::alternatives(node)) {
          if (alternative->value("type", Json()) == "object") {
            EXPECT_TRUE(alternative->contains("additionalProperties")) << pointer;
            EXPECT_NE((*alternative)["additionalProperties"], true) << pointer;
          }
          const Json properties = alternative->value("properties", Json::object());
          for (const auto& [key, member] : properties.items())
            check(member, child_pointer(pointer, key));
          if (alternative->contains("items")) check((*alternative)["items"], pointer + "/*");
        }
      };
  check(Schema::config().root(), "");
}

TEST(Schema, KeysOutsideOfTheIdentityAreTheKnownOnes) {
  std::vector<std::string> keys;
  for_each_key(
      Schema::config().root(), "",
      [&](const Json&, const std::string&, const Json& member, const std::string& pointer) {
        if (!member["x-identity"].get<bool>()) keys.push_back(pointer);
      });
  EXPECT_EQ(keys, (std::vector<std::string>{
                      "/data/labels", "/data/source", "/description", "/name", "/output",
                      "/output/checkpoint_stride", "/output/checkpoints_kept", "/output/directory",
                      "/output/features", "/output/log_level", "/output/trace_stride", "/runtime",
                      "/runtime/device", "/runtime/memory_limit", "/runtime/threads"}));
}

TEST(Schema, TheBuiltInTextIsTheDocument) {
  EXPECT_EQ(config_schema_text(),
            engine::read_file(std::string(REPROTRAIN_SOURCE_DIR) + "/docs/config.schema.json"));
}

TEST(Schema, WordsOutsideOfTheSubsetAreRefused) {
  EXPECT_THROW(Schema(Json{{"type", "object"}, {"patternProperties", Json::object()}}), Error);
  EXPECT_THROW(Schema(Json{{"properties", {{"a", {{"anyOf", Json::array()}}}}}}), Error);
  EXPECT_THROW(Schema(Json{{"$ref", "#/$defs/nowhere"}}), Error);
}

// Defaults are checked where they are used; this uses them all.
TEST(Schema, EveryDefaultIsValid) {
  for_each_key(
      Schema::config().root(), "",
      [&](const Json&, const std::string&, const Json& member, const std::string& pointer) {
        if (!member.contains("default")) return;
        EXPECT_NE(Schema::alternative_for(member, member["default"]), nullptr) << pointer;
        EXPECT_TRUE(Schema::accepts_type(*Schema::alternative_for(member, member["default"]),
                                         member["default"]))
            << pointer;
      });
}

template <typename List, typename Name>
std::set<std::string> names_of(const List& list, Name name) {
  std::set<std::string> names;
  for (const auto& entry : list) names.insert(std::string(name(entry)));
  return names;
}

std::set<std::string> constants(const Json& node, const std::string& key) {
  std::set<std::string> names;
  for (const Json* alternative : Schema::alternatives(node)) {
    if (const Json* member = Schema::member(*alternative, key)) names.insert((*member)["const"]);
  }
  return names;
}

TEST(Schema, ItKnowsTheTransformsModelsAndMetricsOfTheEngine) {
  const Json& properties = Schema::config().root()["properties"];
  EXPECT_EQ(constants(properties["features"]["items"], "op"),
            names_of(engine::transform_list(), [](const auto& entry) { return entry.op; }));
  EXPECT_EQ(constants(properties["model"], "type"),
            names_of(engine::model_list(), [](const auto& entry) { return entry.name; }));
  const Json& train = Schema::alternatives(properties["train"]).back()->at("properties");
  const auto metrics =
      names_of(kernels::metric_list(), [](const auto& entry) { return entry.name; });
  EXPECT_EQ(train["metrics"]["items"]["enum"].get<std::set<std::string>>(), metrics);
  const Json& stopping = Schema::alternatives(train["early_stopping"]).back()->at("properties");
  EXPECT_EQ(stopping["metric"]["enum"].get<std::set<std::string>>(), metrics);
}

}  // namespace
}  // namespace reprotrain::harness
