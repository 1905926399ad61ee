#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy 14 over the sources of a configured build (default build/release).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
[ -f "$build/compile_commands.json" ] || { echo "configure $build first: cmake --preset release" >&2; exit 2; }
find kernels engine harness -name '*.cpp' | sort | xargs -P "$(nproc)" -n 1 clang-tidy-14 -p "$build" --quiet
