// SPDX-License-Identifier: Apache-2.0
// Configurations for tests: a good one, changes to it, and what the program says about the result.
#pragma once

#include <string>
#include <vector>

#include "harness/config/run_config.h"
#include "harness/config/set_option.h"

namespace reprotrain::harness::testing {

/// A valid configuration of several lines that uses every section.
inline const std::string& good_config_text() {
  static const std::string text = R"({
  "config_version": 1,
  "name": "digits",
  "seed": 42,
  "data": {
    "source": "digits.csv",
    "target": "digit",
    "split": {"test": 0.25, "validation": 0.125, "stratify": true}
  },
  "features": [
    {"op": "impute", "columns": ["p1", "p2"], "strategy": "median"},
    {"op": "standardize"},
    {"op": "clip", "low": -3, "high": 3.5}
  ],
  "model": {"type": "mlp", "hidden": [64, 32], "activation": "tanh"},
  "train": {
    "epochs": 3,
    "batch_size": 64,
    "loss": {"type": "cross_entropy"},
    "optimizer": {"type": "adamw", "learning_rate": 0.002},
    "early_stopping": {"metric": "accuracy"}
  },
  "output": {"directory": "out"},
  "runtime": {"threads": 2}
}
)";
  return text;
}

/// `text` with the first `from` replaced by `to`; the test is broken when there is none.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

inline RunConfig parse_config(const std::string& text, const std::vector<std::string>& sets = {}) {
  JsonDocument document = parse_json(text, "c.json");
  for (const std::string& set : sets) apply_set(document, Schema::config(), set);
  return run_config_from_json(document, "/base");
}

/// The sentence with which the text is refused, or "accepted".
inline std::string config_refusal(const std::string& text,
                                  const std::vector<std::string>& sets = {}) {
  try {
    parse_config(text, sets);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace reprotrain::harness::testing
