// SPDX-License-Identifier: Apache-2.0
#include "engine/data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/data/closest_name.h"
#include "tests/support/error_text.h"

namespace reprotrain::engine {
namespace {

using reprotrain::testing::error_of;
using ::testing::HasSubstr;

TEST(Table, WidthAndElementNamesFollowTheShape) {
  Column scalar;
  scalar.name = "age";
  EXPECT_EQ(scalar.width(), 1);
  EXPECT_EQ(scalar.element_name(0), "age");
  Column image;
  image.name = "pixels";
  image.item_shape = {2, 3};
  EXPECT_EQ(image.width(), 6);
  EXPECT_EQ(image.element_name(5), "pixels[5]");
  image.element_names = {"a", "b", "c", "d", "e", "f"};
  EXPECT_EQ(image.element_name(5), "f");
  Column one;
  one.name = "block";
  one.item_shape = {1};
  EXPECT_EQ(one.element_name(0), "block[0]");
}

TEST(Table, RequireSuggestsTheClosestColumnOrListsThem) {
  Table table;
  for (const char* name : {"population", "households", "income"}) {
    table.columns.emplace_back().name = name;
  }
  EXPECT_EQ(table.require("income", "/data/target"), 2);
  EXPECT_EQ(table.find("x"), -1);
  EXPECT_EQ(error_of([&] { table.require("incomes", "/data/target"); }),
            "/data/target: the data has no column \"incomes\"; did you mean \"income\"?");
  EXPECT_EQ(error_of([&] { table.require("zzz", "/data/target"); }),
            "/data/target: the data has no column \"zzz\"; its columns are population, households, "
            "income");
}

TEST(ClosestName, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("epcohs", "epochs"), 1);
  EXPECT_EQ(edit_distance("Seed", "seed"), 0);
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // restricted: a swapped pair is not edited again
}

TEST(ClosestName, FarFetchedGuessesAreNotMade) {
  const std::vector<std::string> known = {"epochs", "batch_size", "x"};
  EXPECT_EQ(closest_name("epoch", known), "epochs");
  EXPECT_EQ(closest_name("batchsize", known), "batch_size");
  EXPECT_EQ(closest_name("y", known), "");
  EXPECT_EQ(closest_name("learning_rate", known), "");
  EXPECT_EQ(closest_name(std::string(100000, 'a'), known), "");
  EXPECT_EQ(did_you_mean("epoch", known), "; did you mean \"epochs\"?");
  EXPECT_EQ(did_you_mean("zzzz", known), "");
}

}  // namespace
}  // namespace reprotrain::engine
