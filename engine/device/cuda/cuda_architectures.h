// SPDX-License-Identifier: Apache-2.0
// The GPUs that the module's kernels are compiled for, as CMake names them: "75-real,80-real,120".
//
// "120" and "120-real" are binary code for compute capability 12.0, which also runs on later ones of the
// same major number; "120" and "120-virtual" are PTX, from which the driver makes code for all later ones.
// A letter, as in "90a", ties code to just that one. Source: CUDA C++ Programming Guide, "Compute
// Capability"; CMake's CUDA_ARCHITECTURES.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain::engine {

struct CudaArchitecture {
  int capability = 0;  ///< 75 for 7.5
  bool is_binary = true;
  bool is_ptx = true;
  bool is_exact = false;

  std::string text() const {
    return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
  }
};

/// What a module holds for a GPU.
enum class CudaCode { kNone, kPtx, kBinary };

inline std::vector<CudaArchitecture> cuda_architectures(std::string_view list) {
  std::vector<CudaArchitecture> found;
  while (!list.empty()) {
    const std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    CudaArchitecture one;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data(), end, one.capability);
    if (error != std::errc()) continue;
    const std::string_view ending(rest, static_cast<size_t>(end - rest));
    one.is_exact = !ending.empty() && ending.front() != '-';
    one.is_binary = !ending.ends_with("-virtual");
    one.is_ptx = !ending.ends_with("-real");
    found.push_back(one);
  }
  return found;
}

/// The best of what `list` has for a compute capability.
inline CudaCode cuda_code_for(std::string_view list, int major, int minor) {
  const int wanted = 10 * major + minor;
  CudaCode best = CudaCode::kNone;
  for (const CudaArchitecture& one : cuda_architectures(list)) {
    const bool may_run = one.is_exact ? one.capability == wanted : one.capability <= wanted;
    if (!may_run) continue;
    if (one.is_binary && one.capability / 10 == major) return CudaCode::kBinary;
    if (one.is_ptx) best = CudaCode::kPtx;
  }
  return best;
}

/// "7.5, 8.0 and 12.0, and by PTX all later ones"; for people.
inline std::string cuda_architectures_text(std::string_view list) {
  const std::vector<CudaArchitecture> all = cuda_architectures(list);
  std::string text;
  bool has_ptx = false;
  for (size_t i = 0; i < all.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < all.size() ? ", " : " and ") + all[i].text();
    has_ptx = has_ptx || (all[i].is_ptx && !all[i].is_exact);
  }
  return text + (has_ptx ? ", and by PTX all later ones" : "");
}

}  // namespace reprotrain::engine
