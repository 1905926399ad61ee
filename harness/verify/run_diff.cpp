// SPDX-License-Identifier: Apache-2.0
#include "harness/verify/run_diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/config/json_document.h"
#include "harness/config/run_config.h"
#include "harness/record/canonical_json.h"
#include "harness/verify/comparison.h"

namespace reprotrain::harness {
namespace {

constexpr const char* kAbsent = "(absent)";
constexpr size_t kLongestValue = 72;

using Leaves = std::map<std::string, std::string>;  // JSON pointer -> value

void add_leaves(const Json& value, const std::string& pointer, Leaves& leaves) {
  if (!value.is_structured() || value.empty()) {
    leaves[pointer] = value.is_string() ? value.get<std::string>() : canonical_json(value);
    return;
  }
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      add_leaves(value[i], child_pointer(pointer, i), leaves);
    return;
  }
  for (const auto& [key, member] : value.items()) {
    add_leaves(member, child_pointer(pointer, key), leaves);
  }
}

Leaves leaves_of(const Json& value) {
  Leaves leaves;
  if (!value.is_null()) add_leaves(value, "", leaves);
  return leaves;
}

// {"source": {"content_id": ..., "rows": ...}}: roles instead of positions.
Json inputs_by_role(const Json& record) {
  Json roles = Json::object();
  for (Json input : record.value("inputs", Json::array())) {
    const std::string role = input.value("role", "");
    input.erase("role");
    roles[role] = input;
  }
  return roles;
}

Json member(const Json& record, const Json::json_pointer& pointer) {
  return record.contains(pointer) ? record.at(pointer) : Json();
}

class DiffBuilder {
 public:
  DiffBuilder(const RunEvidence& a, const RunEvidence& b) : a_(a), b_(b) {}

  RunDiff build() {
    add_config();
    compare_causes("data", inputs_by_role(a_.record), inputs_by_role(b_.record));
    add_arithmetic();
    compare_causes("environment", a_.record.value("environment", Json()),
                   b_.record.value("environment", Json()));
    add_cause("threads", "/volatile/threads", threads(a_), threads(b_));
    add_effects();
    return std::move(diff_);
  }

 private:
  static std::string threads(const RunEvidence& run) {
    return canonical_json(member(run.record, Json::json_pointer("/volatile/threads")));
  }

  void add_cause(const std::string& kind, const std::string& where, const std::string& a,
                 const std::string& b) {
    if (a == b) {
      ++diff_.n_causes_identical;
    } else {
      diff_.causes.push_back({kind, where, a, b});
    }
  }

  void compare_leaves(const std::string& kind, const Leaves& a, const Leaves& b) {
    Leaves all = a;
    all.insert(b.begin(), b.end());
    const auto text = [](const Leaves& leaves, const std::string& pointer) {
      const auto found = leaves.find(pointer);
      return found == leaves.end() ? std::string(kAbsent) : found->second;
    };
    for (const auto& [pointer, unused] : all) {
      add_cause(kind, pointer, text(a, pointer), text(b, pointer));
    }
  }

  void compare_causes(const std::string& kind, const Json& a, const Json& b) {
    compare_leaves(kind, leaves_of(a), leaves_of(b));
  }

  // Keys that decide the result first, then those that never should have changed it.
  void add_config() {
    const Json config_a = a_.record.value("config", Json());
    const Json config_b = b_.record.value("config", Json());
    const Leaves identity_a = leaves_of(identity_part(config_a));
    const Leaves identity_b = leaves_of(identity_part(config_b));
    compare_leaves("config", identity_a, identity_b);
    const auto others = [&](const Json& config) {
      Leaves leaves = leaves_of(config);
      std::erase_if(leaves, [&](const auto& leaf) {
        return identity_a.contains(leaf.first) || identity_b.contains(leaf.first);
      });
      return leaves;
    };
    compare_leaves("config outside of the identity", others(config_a), others(config_b));
  }

  // Ids are a set: what one run used and the other did not.
  void add_arithmetic() {
    const auto ids = [](const RunEvidence& run) {
      const Json list = member(run.record, Json::json_pointer("/claim/arithmetic"));
      return list.is_array() ? list.get<std::set<std::string>>() : std::set<std::string>();
    };
    const std::set<std::string> in_a = ids(a_);
    const std::set<std::string> in_b = ids(b_);
    std::set<std::string> all = in_a;
    all.insert(in_b.begin(), in_b.end());
    for (const std::string& id : all) {
      add_cause("arithmetic", id, in_a.contains(id) ? "used" : "not used",
                in_b.contains(id) ? "used" : "not used");
    }
  }

  void add_effects() {
    // Two traces are compared at the entries that both have, since the stride decides no value.
    RunEvidence a = a_;
    RunEvidence b = b_;
    keep_common_entries(a.trace, b.trace);
    diff_.effects = compare_runs(a, b);
    const int64_t n_facts = n_effects(a.record, b.record) + (a.trace.entries.empty() ? 0 : 1);
    diff_.n_effects_identical =
        std::max<int64_t>(0, n_facts - static_cast<int64_t>(diff_.effects.size()));
  }

  static void keep_common_entries(ReadTrace& a, ReadTrace& b) {
    using Key = std::pair<int64_t, bool>;
    const auto keys = [](const ReadTrace& trace) {
      std::set<Key> set;
      for (const TraceEntry& entry : trace.entries) set.insert({entry.step, entry.epoch_end});
      return set;
    };
    const std::set<Key> in_a = keys(a);
    const std::set<Key> in_b = keys(b);
    std::erase_if(a.entries, [&](const TraceEntry& e) {
      return !in_b.contains({e.step, e.epoch_end});
    });
    std::erase_if(b.entries, [&](const TraceEntry& e) {
      return !in_a.contains({e.step, e.epoch_end});
    });
  }

  // Names that compare_runs looks at: stage digests, outputs, metrics, training facts, status, id.
  static int64_t n_effects(const Json& a, const Json& b) {
    std::set<std::string> names = {"status", "result_id"};
    const auto add = [&](const std::string& section, const Json& members) {
      for (const auto& [name, unused] : members.items()) names.insert(section + "/" + name);
    };
    for (const Json* record : {&a, &b}) {
      for (const char* section : {"outputs", "metrics", "training", "failure"}) {
        add(section, record->value(section, Json::object()));
      }
      for (const Json& stage : record->value("stages", Json::array())) {
        const std::string name = stage.value("name", "");
        if (name != "train" && name != "evaluate")
          add("stage " + name, stage.value("digests", Json::object()));
      }
    }
    return static_cast<int64_t>(names.size());
  }

  const RunEvidence& a_;
  const RunEvidence& b_;
  RunDiff diff_;
};

RunEvidence sound_evidence(const std::string& run_directory) {
  RunEvidence evidence = read_evidence(run_directory);
  if (!evidence.trace.complaint.empty()) {
    throw Error(ErrorKind::kEvidence, evidence.trace.complaint);
  }
  return evidence;
}

std::string shortened(const std::string& text) {
  if (text.size() <= kLongestValue) return text.empty() ? "\"\"" : text;
  size_t end = kLongestValue;
  while ((static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
  return text.substr(0, end) + "...";
}

void append_findings(std::string& text, const Findings& findings) {
  std::string kind;
  for (const Finding& finding : findings) {
    if (finding.check != kind) {
      kind = finding.check;
      text += "  ";
      text += kind;
      text += '\n';
    }
    text += "    ";
    text += finding.where;
    text += "\n      A: ";
    text += shortened(finding.expected);
    text += "\n      B: ";
    text += shortened(finding.actual);
    text += '\n';
  }
}

void append_counts(std::string& text, size_t n_differ, int64_t n_identical) {
  text += "  ";
  text += std::to_string(n_differ);
  text += n_differ == 1 ? " differs, " : " differ, ";
  text += std::to_string(n_identical);
  text += " identical\n";
}

Json findings_json(const Findings& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"kind", finding.check},
                    {"where", finding.where},
                    {"a", finding.expected},
                    {"b", finding.actual}});
  }
  return list;
}

}  // namespace

ExitCode RunDiff::verdict() const {
  return effects.empty() ? ExitCode::kSuccess : ExitCode::kBitsDiffer;
}

RunDiff diff_runs(const RunEvidence& a, const RunEvidence& b) { return DiffBuilder(a, b).build(); }

RunDiff diff_runs(const std::string& run_directory_a, const std::string& run_directory_b) {
  try {
    return diff_runs(sound_evidence(run_directory_a), sound_evidence(run_directory_b));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kEvidence,
                "one of the records lacks a member or has one of another type (" +
                    std::string(error.what()) + "); it was damaged or edited");
  }
}

std::string run_diff_text(const RunDiff& diff) {
  std::string text = "Candidate causes\n";
  append_findings(text, diff.causes);
  append_counts(text, diff.causes.size(), diff.n_causes_identical);
  text += "\nObserved effects\n";
  append_findings(text, diff.effects);
  append_counts(text, diff.effects.size(), diff.n_effects_identical);
  const bool same = diff.verdict() == ExitCode::kSuccess;
  text += same ? "\nThe runs have the same bits.\n" : "\nThe runs have different bits.\n";
  return text;
}

Json run_diff_json(const RunDiff& diff) {
  return {{"same_bits", diff.verdict() == ExitCode::kSuccess},
          {"causes", findings_json(diff.causes)},
          {"effects", findings_json(diff.effects)},
          {"n_causes_identical", diff.n_causes_identical},
          {"n_effects_identical", diff.n_effects_identical}};
}

}  // namespace reprotrain::harness
