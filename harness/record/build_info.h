// SPDX-License-Identifier: Apache-2.0
// How this program was built; filled in by CMake (build_info.cmake).
#pragma once

namespace reprotrain::harness {

struct BuildInfo {
  /// 40 hexadecimal digits, with "-dirty" when files had changed; "" if unknown.
  const char* commit;
  const char* compiler;    ///< "GNU 12.2.0"
  const char* flags;       ///< of the C++ compiler, the strict arithmetic flags among them
  const char* build_type;  ///< "Release"
  const char* processor;   ///< that it was compiled for: "x86_64"
};

const BuildInfo& build_info();

}  // namespace reprotrain::harness
