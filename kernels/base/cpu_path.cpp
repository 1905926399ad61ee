// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/cpu_path.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace reprotrain::kernels {
namespace {

#if defined(__x86_64__)

/// AVX-VNNI, which __builtin_cpu_supports of older compilers does not know.
bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 4)) != 0;
}

std::vector<CpuPath> detect() {
  std::vector<CpuPath> paths = {CpuPath::kPortable};
  if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("fma") == 0) return paths;
  paths.push_back(CpuPath::kAvx2);
  if (has_avx_vnni()) paths.push_back(CpuPath::kAvxVnni);
  if (__builtin_cpu_supports("avx512f") == 0 || __builtin_cpu_supports("avx512vl") == 0 ||
      __builtin_cpu_supports("avx512bw") == 0 || __builtin_cpu_supports("avx512dq") == 0) {
    return paths;
  }
  paths.push_back(CpuPath::kAvx512);
  if (__builtin_cpu_supports("avx512vnni") != 0) paths.push_back(CpuPath::kAvx512Vnni);
  return paths;
}

#elif defined(__aarch64__)

std::vector<CpuPath> detect() {
  constexpr unsigned long kDotProducts = 1ul << 20;  // HWCAP_ASIMDDP
  if ((getauxval(AT_HWCAP) & kDotProducts) == 0) return {CpuPath::kPortable};
  return {CpuPath::kPortable, CpuPath::kNeonDot};
}

#else
#error "reprotrain supports x86-64 and aarch64"
#endif

std::atomic<CpuPath>& path_in_use() {
  static std::atomic<CpuPath> path = available_cpu_paths().back();
  return path;
}

}  // namespace

std::string_view name_of(CpuPath path) {
  switch (path) {
    case CpuPath::kPortable:
      return "portable";
    case CpuPath::kAvx2:
      return "avx2";
    case CpuPath::kAvxVnni:
      return "avxvnni";
    case CpuPath::kAvx512:
      return "avx512";
    case CpuPath::kAvx512Vnni:
      return "avx512vnni";
    case CpuPath::kNeonDot:
      return "neondot";
  }
  return "";
}

std::span<const CpuPath> available_cpu_paths() {
  static const std::vector<CpuPath> paths = detect();
  return paths;
}

std::optional<CpuPath> cpu_path_called(std::string_view name) {
  for (const CpuPath path : available_cpu_paths()) {
    if (name_of(path) == name) return path;
  }
  return std::nullopt;
}

std::string names_of_cpu_paths() {
  std::string names;
  for (const CpuPath path : available_cpu_paths()) {
    names += (names.empty() ? "" : ", ") + std::string(name_of(path));
  }
  return names;
}

CpuPath cpu_path() { return path_in_use().load(std::memory_order_relaxed); }

CpuPathScope::CpuPathScope(CpuPath path) : previous_(path_in_use().exchange(path)) {
  [[maybe_unused]] const auto paths = available_cpu_paths();
  assert(std::find(paths.begin(), paths.end(), path) != paths.end());
}
CpuPathScope::~CpuPathScope() { path_in_use().store(previous_); }

}  // namespace reprotrain::kernels
