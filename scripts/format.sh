#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats all C++ sources with clang-format 14.
#
#   scripts/format.sh [--check]      --check changes nothing and tells which files are not formatted (exit 1)
set -euo pipefail
cd "$(dirname "$0")/.."
case "$*" in
  "") mode=(-i) ;;
  --check) mode=(--dry-run -Werror) ;;
  -h | --help) sed -n '3,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "format.sh: unknown argument $*" >&2; exit 2 ;;
esac
tool=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format 14 is not installed" >&2; exit 77; }
find include kernels engine harness tests bench -name '*.h' -o -name '*.cpp' -o -name '*.cu' | sort |
  xargs "$tool" "${mode[@]}"
