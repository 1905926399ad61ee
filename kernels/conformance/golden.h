// SPDX-License-Identifier: Apache-2.0
// Known answers as they stand in tests/golden/*.kat: a case a line, `origin kind input... = output...`.
//
// The files are compiled into whoever checks conformance, so that an installed program can prove
// itself on any machine without its source tree.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reprotrain::kernels {

using Words = std::vector<std::string>;

struct GoldenCase {
  std::string_view origin;  ///< "oracle": computed independently; "self": here, to notice a change
  Words inputs;
  Words outputs;
};

struct GoldenFile {
  std::string_view name;  ///< "matmul.kat"
  std::string_view text;
};

/// All golden files of this build, ascending by name.
std::span<const GoldenFile> golden_files();

/// The text of one of them. Throws std::runtime_error where there is no such file.
std::string_view golden_text(std::string_view name);

/// The cases of one kind in `text`, in order. Throws std::runtime_error for a malformed line.
std::vector<GoldenCase> golden_cases(std::string_view text, std::string_view kind);

}  // namespace reprotrain::kernels
