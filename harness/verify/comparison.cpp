// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/comparison.h"

#include <filesystem>
#include <map>

#include "engine/run_outputs.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::harness {

namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump();
}

/// Members of two objects that are not equal, by name.
void compare_members(const std::string& check, const Json& recorded, const Json& actual,
                     Findings& findings) {
  for (const auto& [name, value] : recorded.items()) {
    const Json other =
        actual.is_object() && actual.contains(name) ? actual.at(name) : Json("missing");
    if (other != value) findings.push_back({check, name, text_of(value), text_of(other)});
  }
  if (!actual.is_object()) return;
  for (const auto& [name, value] : actual.items()) {
    if (!recorded.contains(name)) findings.push_back({check, name, "nothing", text_of(value)});
  }
}

void compare_stages(const Json& recorded, const Json& actual, Findings& findings) {
  std::map<std::string, Json> by_name;
  for (const Json& stage : actual) by_name[stage.at("name")] = stage.at("digests");
  for (const Json& stage : recorded) {
    const std::string name = stage.at("name");
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      findings.push_back({"stages", "stage " + name, "finished", "not reached"});
    } else {
      compare_members("stage " + name, stage.at("digests"), found->second, findings);
    }
  }
}

Json stages_before_training(const Json& record) {
  Json stages = Json::array();
  for (const Json& stage : record.value("stages", Json::array())) {
    if (stage.at("name") != "train" && stage.at("name") != "evaluate") stages.push_back(stage);
  }
  return stages;
}

/// Where and how a run failed, without the sentence that tells it.
Json failure_facts(const RunEvidence& run) {
  Json failure = run.record.value("failure", Json::object());
  failure.erase("reason");
  return failure;
}

std::string step_text(const TraceEntry& entry) {
  const std::string place = entry.epoch_end ? "end of epoch " : "epoch ";
  return "step " + std::to_string(entry.step) + " (" + place + std::to_string(entry.epoch + 1) +
         ")";
}

std::optional<Finding> entry_difference(const TraceEntry& recorded, const TraceEntry& actual) {
  const std::string place = step_text(recorded);
  if (recorded.step != actual.step || recorded.epoch != actual.epoch ||
      recorded.epoch_end != actual.epoch_end) {
    return Finding{"steps", place, step_text(recorded), step_text(actual)};
  }
  if (recorded.batch != actual.batch) {
    return Finding{"steps", place + ", batch row indices", recorded.batch, actual.batch};
  }
  if (recorded.loss != actual.loss) {
    return Finding{"steps", place + ", loss", recorded.loss, actual.loss};
  }
  for (size_t i = 0; i < recorded.tensors.size(); ++i) {
    const auto& [name, digest] = recorded.tensors[i];
    if (i >= actual.tensors.size() || actual.tensors[i].first != name) {
      return Finding{"steps", place + ", tensor " + name, digest, "missing"};
    }
    if (actual.tensors[i].second != digest) {
      return Finding{"steps", place + ", tensor " + name, digest, actual.tensors[i].second};
    }
  }
  if (actual.tensors.size() > recorded.tensors.size()) {
    const auto& [name, digest] = actual.tensors[recorded.tensors.size()];
    return Finding{"steps", place + ", tensor " + name, "nothing", digest};
  }
  return std::nullopt;
}

void add_first_elements(const RunEvidence& recorded, const RunEvidence& actual,
                        Findings& output_findings) {
  if (!std::filesystem::is_directory(actual.paths.result)) return;
  for (Finding& finding : output_findings) {
    const std::string element =
        engine::first_differing_element(recorded.paths.result, actual.paths.result, finding.where);
    if (!element.empty()) finding.where += ", " + element;
  }
}

}  // namespace

std::optional<Finding> first_trace_difference(const ReadTrace& recorded, const ReadTrace& actual) {
  const size_t n = std::min(recorded.entries.size(), actual.entries.size());
  for (size_t i = 0; i < n; ++i) {
    if (auto finding = entry_difference(recorded.entries[i], actual.entries[i])) return finding;
  }
  if (recorded.entries.size() == actual.entries.size()) return std::nullopt;
  const bool recorded_is_longer = recorded.entries.size() > n;
  const auto& next = recorded_is_longer ? recorded.entries[n] : actual.entries[n];
  return Finding{"steps", step_text(next), recorded_is_longer ? "traced" : "not traced",
                 recorded_is_longer ? "not traced" : "traced"};
}

Findings compare_runs(const RunEvidence& recorded, const RunEvidence& actual) {
  Findings findings;
  compare_stages(stages_before_training(recorded.record), stages_before_training(actual.record),
                 findings);
  if (const auto finding = first_trace_difference(recorded.trace, actual.trace)) {
    findings.push_back(*finding);
  }
  const auto member = [](const RunEvidence& run, const char* name) {
    return run.record.value(name, Json::object());
  };
  compare_members("training", member(recorded, "training"), member(actual, "training"), findings);
  compare_members("failure", failure_facts(recorded), failure_facts(actual), findings);
  Findings outputs;
  compare_members("outputs", member(recorded, "outputs"), member(actual, "outputs"), outputs);
  add_first_elements(recorded, actual, outputs);
  findings.insert(findings.end(), outputs.begin(), outputs.end());
  compare_members("metrics", member(recorded, "metrics"), member(actual, "metrics"), findings);
  compare_members("result",
                  {{"status", recorded.record.value("status", "")},
                   {"result_id", recorded.record.value("result_id", Json())}},
                  {{"status", actual.record.value("status", "")},
                   {"result_id", actual.record.value("result_id", Json())}},
                  findings);
  return findings;
}

}  // namespace reprotrain::harness
