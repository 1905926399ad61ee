#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy 14 over the sources of a configured build.
#
#   scripts/tidy.sh [BUILD]          default: build/release
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '3,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) echo "tidy.sh: unknown argument $1" >&2; exit 2 ;;
esac
build=${1:-build/release}
[ -f "$build/compile_commands.json" ] || { echo "configure $build first: cmake --preset release" >&2; exit 2; }
find kernels engine harness -name '*.cpp' | sort | xargs -P "$(nproc)" -n 1 clang-tidy-14 -p "$build" --quiet
