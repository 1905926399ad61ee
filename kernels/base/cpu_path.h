// SPDX-License-Identifier: Apache-2.0
// The instruction sets that kernels are written for, and the one in use. They choose speed, never
// bits: every kernel must give the same result on every path.
//
// A kernel asks cpu_path() once per call and takes its fastest form for that path or one below it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace reprotrain::kernels {

/// From plain to fast; on one processor family each path includes those before it.
enum class CpuPath {
  kPortable,    ///< what the compiler assumes: x86-64 without FMA, aarch64 with NEON
  kAvx2,        ///< x86-64: AVX2 with FMA
  kAvxVnni,     ///< and the 8-bit dot products of AVX-VNNI
  kAvx512,      ///< and F, VL, BW, DQ of AVX-512 (without a promise of AVX-VNNI)
  kAvx512Vnni,  ///< and the 8-bit dot products of AVX-512-VNNI
  kNeonDot,     ///< aarch64: NEON with the 8-bit dot products of Armv8.2
};

/// "portable", "avx2", "avxvnni", "avx512", "avx512vnni", "neondot".
std::string_view name_of(CpuPath path);

/// The paths that this processor and its operating system can run, the plainest first.
std::span<const CpuPath> available_cpu_paths();

/// The available path of that name; none where this processor has no such path.
std::optional<CpuPath> cpu_path_called(std::string_view name);

/// The names of the available paths, for sentences: "portable, avx2".
std::string names_of_cpu_paths();

/// The path in use: the fastest available one, unless a scope below says otherwise.
CpuPath cpu_path();

inline bool uses_avx2(CpuPath path) {
  return path >= CpuPath::kAvx2 && path <= CpuPath::kAvx512Vnni;
}
inline bool uses_avx512(CpuPath path) {
  return path == CpuPath::kAvx512 || path == CpuPath::kAvx512Vnni;
}

/// Puts every thread of the process on `path`, which must be available, until the end of the scope:
/// for tests, benchmarks and self-tests. Scopes may nest; they must not overlap otherwise.
class CpuPathScope {
 public:
  explicit CpuPathScope(CpuPath path);
  ~CpuPathScope();
  CpuPathScope(const CpuPathScope&) = delete;
  CpuPathScope& operator=(const CpuPathScope&) = delete;

 private:
  CpuPath previous_;
};

}  // namespace reprotrain::kernels
