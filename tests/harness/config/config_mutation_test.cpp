// SPDX-License-Identifier: Apache-2.0
// Thousands of damaged configurations: each is accepted or refused with a place, none crashes.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "harness/record/canonical_json.h"
#include "tests/harness/config/config_text.h"

namespace reprotrain::harness {
namespace {

using testing::good_config_text;
using testing::parse_config;

// SplitMix64: a test of a million steps is the same everywhere.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  size_t below(size_t n) { return static_cast<size_t>(next() % n); }

 private:
  uint64_t state_;
};

const std::vector<std::string>& fragments() {
  static const std::vector<std::string> list = {
      "{",        "}",        "[",       "]",      ",",
      ":",        "\"",       "\\",      "null",   "true",
      "-1",       "0",        "1e999",   "1e-400", "NaN",
      "[]",       "{}",       "\"x\"",   "0.5",    "9007199254740993",
      "\"type\"", "\"op\"",   "\n",      "\t",     std::string(1, '\0'),
      "\xff",     "\xc3\xa9", "\\ud800", "//",     "\"numeric\"",
      "\"mse\"",  "[[[[[[[[", "-",       "1.",     "\"value\": 1,"};
  return list;
}

// Damage to the text: what an editor, a merge or a disk does.
std::string mutate_text(std::string text, Dice& dice) {
  const size_t at = dice.below(text.size());
  switch (dice.below(6)) {
    case 0:
      text.erase(at, 1 + dice.below(8));
      break;
    case 1:
      text.insert(at, fragments()[dice.below(fragments().size())]);
      break;
    case 2:
      text[at] = static_cast<char>(dice.below(256));
      break;
    case 3:
      text.resize(at);
      break;
    case 4:
      text.insert(at, text.substr(dice.below(text.size()), dice.below(60)));
      break;
    default: {
      const std::string& fragment = fragments()[dice.below(fragments().size())];
      text.replace(at, fragment.size(), fragment);
    }
  }
  return text;
}

void collect(Json& value, std::vector<Json*>& all) {
  all.push_back(&value);
  for (Json& child : value) {
    if (value.is_structured()) collect(child, all);
  }
}

// Damage to the tree: sound JSON that says something else.
std::string mutate_tree(const std::string& text, Dice& dice) {
  Json tree = Json::parse(text);
  std::vector<Json*> all;
  collect(tree, all);
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           0,
                                           -1,
                                           1,
                                           0.5,
                                           1e300,
                                           9007199254740992.0,
                                           "",
                                           "x",
                                           "all",
                                           "median",
                                           "mse",
                                           Json::array(),
                                           Json::object(),
                                           Json::array({1, "a"}),
                                           Json{{"type", "sgd"}},
                                           Json{{"column", "c"}},
                                           Json{{"op", "impute"}},
                                           4294967296.0,
                                           "digit"};
  Json& target = *all[dice.below(all.size())];
  const Json& other = *all[dice.below(all.size())];
  switch (dice.below(5)) {
    case 0:
      target = values[dice.below(values.size())];
      break;
    case 1: {
      const Json copy = other;
      target = copy;
      break;
    }
    case 2:
      if (target.is_object() && !target.empty()) {
        auto member = target.begin();
        std::advance(member, static_cast<int64_t>(dice.below(target.size())));
        target.erase(member);
      }
      break;
    case 3:
      if (target.is_object())
        target["k" + std::to_string(dice.below(3))] = values[dice.below(values.size())];
      break;
    default:
      if (target.is_array()) target.push_back(values[dice.below(values.size())]);
  }
  return tree.dump(2);
}

struct Tally {
  int n_accepted = 0;
  int n_refused = 0;
};

void try_config(const std::string& text, Tally& tally) {
  static const std::regex place("^c\\.json:[1-9][0-9]*:[1-9][0-9]*: [^\n]+$");
  try {
    const RunConfig config = parse_config(text);
    const std::string resolved = canonical_json(config.resolved);
    ASSERT_EQ(canonical_json(parse_config(resolved).resolved), resolved) << text;
    ++tally.n_accepted;
  } catch (const Error& error) {
    ASSERT_EQ(error.kind(), ErrorKind::kConfig) << text;
    ASSERT_TRUE(std::regex_match(error.what(), place)) << error.what() << "\nfor\n" << text;
    ++tally.n_refused;
  }
}

TEST(ConfigMutation, DamagedTextIsAcceptedOrRefusedWithItsPlace) {
  Dice dice(20240601);
  Tally tally;
  for (int i = 0; i < 2000; ++i) {
    std::string text = mutate_text(good_config_text(), dice);
    while (dice.below(3) == 0 && !text.empty()) text = mutate_text(text, dice);
    ASSERT_NO_FATAL_FAILURE(try_config(text, tally));
  }
  EXPECT_GT(tally.n_refused, 1000);
  EXPECT_GT(tally.n_accepted, 50) << "some damage leaves a sound configuration";
}

TEST(ConfigMutation, DamagedTreesAreAcceptedOrRefusedWithTheirPlace) {
  Dice dice(7);
  Tally tally;
  for (int i = 0; i < 2000; ++i) {
    std::string text = mutate_tree(good_config_text(), dice);
    while (dice.below(3) == 0) text = mutate_tree(text, dice);
    ASSERT_NO_FATAL_FAILURE(try_config(text, tally));
  }
  EXPECT_GT(tally.n_refused, 1000);
  EXPECT_GT(tally.n_accepted, 50);
}

TEST(ConfigMutation, RandomAssignmentsAreAcceptedOrRefusedWithTheirText) {
  Dice dice(99);
  const std::vector<std::string> keys = {"seed",
                                         "train",
                                         "train.epochs",
                                         "model.hidden",
                                         "model.hidden.0",
                                         "features.1",
                                         "features.9.op",
                                         "data.split",
                                         "data.split.column",
                                         "train.optimizer.type",
                                         "x.y.z",
                                         "train.metrics",
                                         "/data/columns/a.b",
                                         "features",
                                         "/",
                                         ".",
                                         "train.early_stopping",
                                         "name",
                                         "data.csv.delimiter",
                                         "model",
                                         "features.0.value"};
  int n_refused = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string assignment =
        keys[dice.below(keys.size())] + "=" + fragments()[dice.below(fragments().size())].c_str();
    try {
      parse_config(good_config_text(), {assignment});
    } catch (const Error& error) {
      const std::string sentence = error.what();
      EXPECT_TRUE(sentence.rfind("--set " + assignment + ": ", 0) == 0 ||
                  sentence.rfind("c.json:", 0) == 0)
          << sentence;
      ++n_refused;
    }
  }
  EXPECT_GT(n_refused, 1000);
}

}  // namespace
}  // namespace reprotrain::harness
