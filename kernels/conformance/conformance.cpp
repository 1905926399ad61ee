// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/conformance.h"

#include <algorithm>
#include <array>
#include <exception>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/check_list.h"

namespace reprotrain::kernels {
namespace {

std::string joined(const Words& words, size_t most_characters) {
  std::string text;
  for (const std::string& word : words) {
    if (text.size() > most_characters) return text + " ...";
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

/// Index of the first word that differs, or the length.
size_t first_difference(const Words& expected, const Words& actual) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (i >= actual.size() || (actual[i] != kNotCompared && actual[i] != expected[i])) return i;
  }
  return actual.size() > expected.size() ? expected.size() : std::string::npos;
}

std::string fault_of(const GoldenCase& golden, const Words& actual, size_t place) {
  const std::string expected = place < golden.outputs.size() ? golden.outputs[place] : "nothing";
  const std::string got = place < actual.size() ? actual[place] : "nothing";
  return "of " + joined(golden.inputs, 80) + ", word " + std::to_string(place) + ": expected " +
         expected + ", got " + got;
}

void judge_case(const ConformanceCheck& check, OperatorDevice& device, const GoldenCase& golden,
                OperatorVerdict& verdict) {
  Words actual;
  try {
    if (!check.run(device, golden.inputs, actual)) {
      ++verdict.n_not_offered;
      return;
    }
  } catch (const std::exception& error) {
    verdict.failure = "of " + joined(golden.inputs, 80) + ": " + error.what();
    return;
  }
  ++verdict.n_cases;
  if (golden.origin == "oracle") ++verdict.n_oracle;
  const size_t place = first_difference(golden.outputs, actual);
  if (place == std::string::npos) return;
  if (verdict.n_wrong++ == 0) verdict.first_fault = fault_of(golden, actual, place);
}

Verdict verdict_of(const OperatorVerdict& counted, bool any_case) {
  if (!counted.failure.empty()) return Verdict::kFailed;
  if (counted.n_wrong > 0 || !any_case) return Verdict::kDiffers;
  return counted.n_cases > 0 ? Verdict::kSame : Verdict::kNotOffered;
}

}  // namespace

OperatorVerdict judge(const ConformanceCheck& check, std::span<const GoldenCase> cases,
                      OperatorDevice& device) {
  OperatorVerdict verdict;
  verdict.operation = check.operation;
  verdict.specification = check.specification;
  verdict.device = device.name();
  for (const GoldenCase& golden : cases) {
    judge_case(check, device, golden, verdict);
    if (!verdict.failure.empty()) break;
  }
  if (cases.empty()) {
    verdict.first_fault =
        "no known answer of kind " + std::string(check.kind) + " in " + std::string(check.file);
  }
  verdict.verdict = verdict_of(verdict, !cases.empty());
  return verdict;
}

namespace {

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) json += c;
  }
  return json + "\"";
}

using Row = std::array<std::string, 5>;

std::string aligned(const std::vector<Row>& rows) {
  std::array<size_t, 5> width{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(width[i] - row[i].size(), ' ');
      const bool is_number = i == 3;
      text += is_number ? padding + row[i] : row[i];
      if (i + 1 < row.size()) text += (is_number ? "" : padding) + "  ";
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "same bits";
    case Verdict::kDiffers:
      return "BITS DIFFER";
    case Verdict::kNotOffered:
      return "not offered";
    case Verdict::kFailed:
      return "failed";
  }
  return "";
}

std::vector<OperatorVerdict> run_conformance(OperatorDevice& device) {
  std::vector<OperatorVerdict> verdicts;
  for (const ConformanceCheck& check : conformance_checks()) {
    const std::vector<GoldenCase> cases = golden_cases(golden_text(check.file), check.kind);
    verdicts.push_back(judge(check, cases, device));
    if (verdicts.back().verdict == Verdict::kFailed) break;
  }
  return verdicts;
}

bool conforms(std::span<const OperatorVerdict> verdicts) {
  bool any = false;
  for (const OperatorVerdict& verdict : verdicts) {
    if (verdict.verdict == Verdict::kDiffers || verdict.verdict == Verdict::kFailed) return false;
    any = any || verdict.verdict == Verdict::kSame;
  }
  return any;
}

std::string failure_among(std::span<const OperatorVerdict> verdicts) {
  for (const OperatorVerdict& v : verdicts) {
    if (v.verdict != Verdict::kFailed) continue;
    return v.device + " failed at " + std::string(v.operation) + " " + v.failure;
  }
  return {};
}

namespace {

/// "same bits", or "same bits, 2 not offered": cases left out are never silent.
std::string verdict_words(const OperatorVerdict& v) {
  const std::string words(name_of(v.verdict));
  if (v.n_not_offered == 0 || v.verdict == Verdict::kNotOffered) return words;
  return words + ", " + std::to_string(v.n_not_offered) + " not offered";
}

}  // namespace

std::string conformance_table(std::span<const OperatorVerdict> verdicts) {
  std::vector<Row> rows = {{"operator", "specification", "device", "cases", "verdict"}};
  std::string faults;
  for (const OperatorVerdict& v : verdicts) {
    rows.push_back({std::string(v.operation), std::string(v.specification), v.device,
                    std::to_string(v.n_cases), verdict_words(v)});
    if (v.first_fault.empty()) continue;
    faults += v.device + ", " + std::string(v.operation) + ": " + std::to_string(v.n_wrong) +
              " of " + std::to_string(v.n_cases) + " cases differ; the first " + v.first_fault +
              "\n";
  }
  return aligned(rows) + faults;
}

std::string conformance_json(std::span<const OperatorVerdict> verdicts) {
  std::string json = std::string("{\"conforms\": ") + (conforms(verdicts) ? "true" : "false") +
                     ", \"verdicts\": [";
  for (const OperatorVerdict& v : verdicts) {
    json += (json.back() == '[' ? "\n  " : ",\n  ");
    json += "{\"operator\": " + quoted(v.operation) +
            ", \"specification\": " + quoted(v.specification) +
            ", \"device\": " + quoted(v.device) + ", \"cases\": " + std::to_string(v.n_cases) +
            ", \"oracle_cases\": " + std::to_string(v.n_oracle) +
            ", \"wrong\": " + std::to_string(v.n_wrong) +
            ", \"not_offered\": " + std::to_string(v.n_not_offered) +
            ", \"verdict\": " + quoted(name_of(v.verdict)) +
            ", \"first_fault\": " + quoted(v.first_fault) + ", \"failure\": " + quoted(v.failure) +
            "}";
  }
  return json + "\n]}\n";
}

}  // namespace reprotrain::kernels
