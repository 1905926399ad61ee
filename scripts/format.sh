#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats all C++ sources with clang-format 14; --check only tells which are not.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format 14 is not installed" >&2; exit 77; }
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run -Werror)
find include kernels engine harness tests bench -name '*.h' -o -name '*.cpp' -o -name '*.cu' | sort |
  xargs "$tool" "${mode[@]}"
