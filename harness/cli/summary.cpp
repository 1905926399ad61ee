// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/summary.h"

#include <array>
#include <cstdio>
#include <map>
#include <set>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

namespace {

using Json = nlohmann::json;

constexpr std::array kParts = {"train", "validation", "test"};

void print_metrics(const Json& metrics) {
  std::map<std::string, std::map<std::string, std::string>> rows;  // metric -> part -> text
  std::set<std::string> parts;
  for (const auto& [name, metric] : metrics.items()) {
    const size_t slash = name.find('/');
    const std::string part = name.substr(0, slash);
    char text[32];
    if (metric.at("value").is_number()) {
      std::snprintf(text, sizeof text, "%.6g", metric.at("value").get<double>());
    } else {
      std::snprintf(text, sizeof text, "undefined");
    }
    rows[name.substr(slash + 1)][part] = text;
    parts.insert(part);
  }
  std::printf("%-12s", "");
  for (const char* part : kParts) {
    if (parts.count(part) != 0) std::printf("%14s", part);
  }
  std::printf("\n");
  for (const auto& [metric, values] : rows) {
    std::printf("%-12s", metric.c_str());
    for (const char* part : kParts) {
      if (parts.count(part) == 0) continue;
      const auto value = values.find(part);
      std::printf("%14s", value == values.end() ? "-" : value->second.c_str());
    }
    std::printf("\n");
  }
}

}  // namespace

void print_summary(const Json& record, const RunPaths& paths) {
  std::printf("\n");
  print_metrics(record.value("metrics", Json::object()));
  const Json training = record.value("training", Json::object());
  const Json unstable = record.value("volatile", Json::object());
  std::printf("\n%-12s%s steps, %s epochs, %.1f s\n", "training",
              training.value("steps", Json()).dump().c_str(),
              training.value("epochs", Json()).dump().c_str(), unstable.value("wall_seconds", 0.0));
  const Json id = record.value("result_id", Json());
  std::printf("%-12s%s\n", "result id", id.is_string() ? id.get<std::string>().c_str() : "none");
  std::printf("%-12s%s\n", "record", paths.record.c_str());
  std::printf("%-12s%s\n", "results", paths.result.c_str());
  std::printf("%-12sreprotrain verify %s\n", "verify with", paths.root.c_str());
}

void print_plan(const RunConfig& config, const std::string& out) {
  std::printf("The configuration is sound. A run would\n");
  std::printf("  read       %s\n", config.data.source.c_str());
  if (!config.data.labels.empty()) std::printf("  and        %s\n", config.data.labels.c_str());
  std::printf("  apply      %zu feature transforms\n", config.features.size());
  std::printf("  train      %s, %lld epochs, batches of %lld\n", config.model.type.c_str(),
              static_cast<long long>(config.train.epochs),
              static_cast<long long>(config.train.batch_size));
  std::printf("  and write  %s\n", out.c_str());
}

}  // namespace reprotrain::harness
