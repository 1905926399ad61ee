// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/output_file.h"

#include <algorithm>
#include <filesystem>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

void require_free(const std::string& path, bool force) {
  if (force || !std::filesystem::exists(path)) return;
  throw Error(ErrorKind::kUsage,
              path + ": exists already; use --force to replace it or choose another --out");
}

void require_apart(const std::string& path, const std::string& input) {
  namespace fs = std::filesystem;
  std::error_code code;
  const fs::path output = fs::weakly_canonical(path, code);
  const fs::path source = fs::weakly_canonical(input, code);
  const auto [rest, end] =
      std::mismatch(source.begin(), source.end(), output.begin(), output.end());
  if (rest == source.end()) {
    throw Error(ErrorKind::kUsage,
                path + ": would overwrite " + input + " or a part of it; choose another --out");
  }
}

}  // namespace reprotrain::harness
