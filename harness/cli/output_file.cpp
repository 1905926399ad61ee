// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/output_file.h"

#include <filesystem>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

void require_free(const std::string& path, bool force) {
  if (force || !std::filesystem::exists(path)) return;
  throw Error(ErrorKind::kUsage,
              path + ": exists already; use --force to replace it or choose another --out");
}

}  // namespace reprotrain::harness
