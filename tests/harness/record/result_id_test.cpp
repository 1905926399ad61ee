// SPDX-License-Identifier: Apache-2.0
// Every vector comes from an independent implementation (tests/oracle/result_id.py).
#include "harness/record/result_id.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::harness {
namespace {

ResultIdInputs inputs_of(const Json& json) {
  ResultIdInputs inputs;
  inputs.config = json["config"];
  json["arithmetic"].get_to(inputs.arithmetic);
  json["inputs"].get_to(inputs.inputs);
  json["splits"].get_to(inputs.splits);
  json["outputs"].get_to(inputs.outputs);
  for (const auto& [name, value] : json["metrics"].items()) {
    inputs.metrics[name] = std::strtod(value.get<std::string>().c_str(), nullptr);
  }
  return inputs;
}

ResultIdInputs some_inputs() {
  ResultIdInputs inputs;
  inputs.config = {{"seed", 1}};
  inputs.arithmetic = {"a-v1", "b-v1"};
  inputs.inputs = {{"source", "h5c1:00"}};
  inputs.splits = {{"train", "t"}, {"validation", "v"}, {"test", "s"}};
  inputs.outputs = {{"w", "x"}};
  inputs.metrics = {{"m", 0.5}};
  return inputs;
}

TEST(ResultId, TheVectorsOfTheOracleAreReproduced) {
  std::ifstream file(std::string(REPROTRAIN_SOURCE_DIR) + "/tests/golden/result_id.kat");
  int n_cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos);
    EXPECT_EQ(result_id(inputs_of(Json::parse(line.substr(tab + 1)))), line.substr(0, tab)) << line;
    ++n_cases;
  }
  EXPECT_GE(n_cases, 3);
}

TEST(ResultId, EveryMemberEntersAndTheOrderOfArithmeticIdsDoesNot) {
  const std::string base = result_id(some_inputs());
  const auto changed = [&](auto change) {
    ResultIdInputs inputs = some_inputs();
    change(inputs);
    return result_id(inputs);
  };
  EXPECT_NE(changed([](auto& i) { i.config["seed"] = 2; }), base);
  EXPECT_NE(changed([](auto& i) { i.arithmetic[0] = "a-v2"; }), base);
  EXPECT_NE(changed([](auto& i) { i.inputs["source"] = "h5c1:01"; }), base);
  EXPECT_NE(changed([](auto& i) { i.splits["test"] = "q"; }), base);
  EXPECT_NE(changed([](auto& i) { i.outputs["w"] = "y"; }), base);
  EXPECT_NE(changed([](auto& i) { i.metrics["m"] = std::nextafter(0.5, 1.0); }), base);
  EXPECT_EQ(changed([](auto& i) { i.arithmetic = {"b-v1", "a-v1", "b-v1"}; }), base);
}

TEST(ResultId, ARecordHoldsTheInputsOfItsId) {
  const Json record = {{"config", {{"seed", 1}, {"name", "x"}, {"output", {{"directory", "d"}}}}},
                       {"claim", {{"arithmetic", {"b-v1", "a-v1"}}}},
                       {"inputs", {{{"role", "source"}, {"content_id", "h5c1:00"}, {"rows", 3}}}},
                       {"splits", {{"train", "t"}, {"validation", "v"}, {"test", "s"}}},
                       {"outputs", {{"w", "x"}}},
                       {"metrics", {{"m", {{"bits", "3fe0000000000000"}, {"value", 0.5}}}}}};
  EXPECT_EQ(result_id(result_id_inputs(record)), result_id(some_inputs()));
  for (const char* member : {"config", "claim", "inputs", "splits", "outputs", "metrics"}) {
    Json damaged = record;
    damaged.erase(member);
    EXPECT_THROW(result_id_inputs(damaged), Error) << member;
    damaged[member] = 5;
    EXPECT_THROW(result_id(result_id_inputs(damaged)), Error) << member;
  }
}

TEST(ResultId, MetricsAreTheirBits) {
  EXPECT_EQ(metric_bits(0.5), "3fe0000000000000");
  EXPECT_EQ(metric_bits(-0.0), "8000000000000000");
  EXPECT_EQ(metric_bits(kernels::double_from_bits(0xfff8000000000123)), "7ff8000000000000")
      << "signs and payloads of NaNs differ between processors";
  EXPECT_EQ(metric_from_bits("3fe0000000000000"), 0.5);
  EXPECT_TRUE(std::isnan(metric_from_bits("7ff8000000000000")));
  for (const char* text : {"", "3fe", "3FE0000000000000", "3fe00000000000000", "zzz0000000000000",
                           "7ff8000000000001", "-fe0000000000000"}) {
    EXPECT_THROW(metric_from_bits(text), Error) << text;
  }
}

}  // namespace
}  // namespace reprotrain::harness
