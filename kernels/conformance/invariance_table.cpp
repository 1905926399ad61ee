// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/invariance_table.h"

#include "kernels/conformance/check_list.h"

namespace reprotrain::kernels {
namespace {

/// Checks of one operator on other operands ("exact_sum/long") share its row.
bool is_first_of_operator(std::string_view operation) {
  return operation.find('/') == std::string_view::npos;
}

std::string yes_or_no(bool holds) { return holds ? "yes" : "no"; }

}  // namespace

std::string invariance_table() {
  std::string table =
      "| Operator | Specification | Pieces | Order | In words |\n"
      "|---|---|---|---|---|\n";
  for (const ConformanceCheck& check : conformance_checks()) {
    if (!is_first_of_operator(check.operation)) continue;
    table += "| " + std::string(check.operation) + " | `" + std::string(check.specification) +
             "` | " + yes_or_no(check.invariance.pieces) + " | " +
             yes_or_no(check.invariance.order) + " | " + std::string(check.invariance.meaning) +
             " |\n";
  }
  return table;
}

}  // namespace reprotrain::kernels
