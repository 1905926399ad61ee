// SPDX-License-Identifier: Apache-2.0
#include "engine/device/library_mode.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

using kernels::LibraryPrecision;

// From the documentation of cuBLAS and cuDNN, and from the names that libraries of CUDA 13.0 contain.
constexpr const char* kVariables[] = {
    "CUBLAS_EMULATE_DOUBLE_PRECISION", "CUBLAS_EMULATE_SINGLE_PRECISION",
    "CUBLAS_EMULATION_STRATEGY",       "CUBLAS_FIXEDPOINT_EMULATION_MANTISSA_BIT_COUNT",
    "CUBLAS_WORKSPACE_CONFIG",         "NVIDIA_TF32_OVERRIDE",
};

std::string_view value_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? std::string_view() : value;
}

[[noreturn]] void refuse(const char* variable, LibraryPrecision precision, const char* effect) {
  throw Error(ErrorKind::kConfig, std::string(variable) + "=" + std::string(value_of(variable)) +
                                      " " + effect + ", which contradicts numerics.precision \"" +
                                      std::string(name_of(precision)) + "\"; unset it");
}

}  // namespace

std::string variables_of_libraries() {
  std::string text;
  for (const char* const variable : kVariables) {
    if (value_of(variable).empty()) continue;
    text +=
        (text.empty() ? "" : " ") + std::string(variable) + "=" + std::string(value_of(variable));
  }
  return text;
}

void require_no_contradiction(LibraryPrecision precision) {
  const std::string_view tf32 = value_of("NVIDIA_TF32_OVERRIDE");
  if (precision == LibraryPrecision::kTf32 && tf32 == "0") {
    refuse("NVIDIA_TF32_OVERRIDE", precision, "turns TF32 off");
  }
  if (precision != LibraryPrecision::kTf32 && !tf32.empty() && tf32 != "0") {
    refuse("NVIDIA_TF32_OVERRIDE", precision, "turns TF32 on");
  }
  const std::string_view emulates = value_of("CUBLAS_EMULATE_SINGLE_PRECISION");
  if (!emulates.empty() && emulates != "0") {
    refuse("CUBLAS_EMULATE_SINGLE_PRECISION", precision, "makes binary32 of bfloat16");
  }
}

std::string difference_of(const DeviceKey& there, const DeviceKey& here) {
  std::set<std::string> fields;
  for (const auto& [field, value] : there) fields.insert(field);
  for (const auto& [field, value] : here) fields.insert(field);
  const auto value_in = [](const DeviceKey& key, const std::string& field) {
    const auto found = key.find(field);
    return found == key.end() || found->second.empty() ? std::string("none") : found->second;
  };
  std::string text;
  for (const std::string& field : fields) {
    const std::string one = value_in(there, field), other = value_in(here, field);
    if (one == other) continue;
    text += (text.empty() ? "" : ", ") + field + ": " + one + " there, " + other + " here";
  }
  return text;
}

}  // namespace reprotrain::engine
