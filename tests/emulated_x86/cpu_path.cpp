// SPDX-License-Identifier: Apache-2.0
// In place of kernels/base/cpu_path.cpp: a processor that has every path of x86-64.
#include "kernels/base/cpu_path.h"

#include <array>

namespace reprotrain::kernels {
namespace {

constexpr std::array kPaths = {CpuPath::kPortable, CpuPath::kAvx2, CpuPath::kAvxVnni,
                               CpuPath::kAvx512, CpuPath::kAvx512Vnni};
CpuPath path_in_use = kPaths.back();

}  // namespace

std::string_view name_of(CpuPath path) {
  constexpr std::array<std::string_view, 5> kNames = {"portable", "avx2", "avxvnni", "avx512",
                                                      "avx512vnni"};
  return kNames.at(static_cast<size_t>(path));
}

std::span<const CpuPath> available_cpu_paths() { return kPaths; }
CpuPath cpu_path() { return path_in_use; }

CpuPathScope::CpuPathScope(CpuPath path) : previous_(path_in_use) { path_in_use = path; }
CpuPathScope::~CpuPathScope() { path_in_use = previous_; }

}  // namespace reprotrain::kernels
