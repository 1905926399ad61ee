#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the conformance program with every compiler and flag set below and runs it on each code path of this machine:
# a table of verdicts.
#
#   scripts/compiler-check.sh [LABEL...]     (default: all, about a minute each on two cores)
#
# *-asked-to-contract: a user's flags ask for the contraction of a*b + c. Those of the project come later and forbid it, in
# every translation unit: the same bits.
# *-contracted: the request comes after the flags of the project and wins. Formulas need them, so the program has to
# refuse to run.
# Exit status: 0 all as it has to be, 1 a build failed, a bit differs or nothing was refused, 77 a compiler is not
# installed.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in -h | --help) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

# label, compiler, flags before those of the project, flags after them
builds=(
  "gcc-O0                   g++      -O0|"
  "gcc-O2                   g++      -O2|"
  "gcc-O3                   g++      -O3|"
  "gcc-x86-64               g++      -O2 -march=x86-64|"
  "gcc-x86-64-v3            g++      -O2 -march=x86-64-v3|"
  "gcc-native               g++      -O2 -march=native|"
  "clang-O0                 clang++  -O0|"
  "clang-O2                 clang++  -O2|"
  "clang-O3                 clang++  -O3|"
  "clang-x86-64-v3          clang++  -O2 -march=x86-64-v3|"
  "gcc-asked-to-contract    g++      -O3 -march=x86-64-v3 -ffp-contract=fast|"
  "clang-asked-to-contract  clang++  -O3 -march=x86-64-v3 -ffp-contract=fast|"
  "gcc-contracted           g++      -O3 -march=x86-64-v3|-ffp-contract=fast"
  "clang-contracted         clang++  -O3 -march=x86-64-v3|-ffp-contract=fast"
)
folder=build/compiler-check
status=0
n_skipped=0

row() { printf '%-23s  %-11s  %-26s  %6s  %s\n' "$@"; }

# build DIR COMPILER FLAGS LAST_FLAGS
build() {
  cmake -S . -B "$1" -G Ninja -DREPROTRAIN_CONFORMANCE_ONLY=ON -DCMAKE_BUILD_TYPE=None "-DCMAKE_CXX_COMPILER=$2" \
    "-DCMAKE_CXX_FLAGS=$3" \
    "-DCMAKE_CXX_COMPILE_OBJECT=<CMAKE_CXX_COMPILER> <DEFINES> <INCLUDES> <FLAGS> $4 -o <OBJECT> -c <SOURCE>" &&
    cmake --build "$1" --target reprotrain_conformance
}

# check_refusal LABEL VERSION DIR: the program says what is wrong with its build, and gives no verdict.
check_refusal() {
  local refused=0 verdict='refused, as it has to be'
  "$3/bin/reprotrain_conformance" --json >"$3/verdicts.json" 2>"$3/refusal.txt" || refused=$?
  if ((refused != 2)) || [ -s "$3/verdicts.json" ] || ! grep -q 'were contracted' "$3/refusal.txt"; then
    verdict="NOT REFUSED, see $3/verdicts.json"
    status=1
  fi
  row "$1" "$2" - 0 "$verdict"
}

check() {
  local label=$1 compiler=$2 flags=$3 last=$4 dir=$folder/$1 version paths cases verdict='same bits'
  if ! command -v "$compiler" >/dev/null; then
    row "$label" - "$compiler is not installed" 0 SKIPPED
    n_skipped=$((n_skipped + 1))
    return
  fi
  version="${compiler%++} $("$compiler" -dumpfullversion -dumpversion)"
  mkdir -p "$dir"
  if ! build "$dir" "$compiler" "$flags" "$last" >"$dir/build.log" 2>&1; then
    row "$label" "$version" - 0 "BUILD FAILED, see $dir/build.log"
    status=1
    return
  fi
  if [ -n "$last" ]; then
    check_refusal "$label" "$version" "$dir"
    return
  fi
  "$dir/bin/reprotrain_conformance" --json >"$dir/verdicts.json" || { verdict="BITS DIFFER, see $dir/verdicts.json"; status=1; }
  paths=$(sed -n 's|.*"device": "cpu/\([^"]*\)".*|\1|p' "$dir/verdicts.json" | uniq | paste -s -d ' ')
  cases=$(sed -n 's|.*"cases": \([0-9]*\),.*|\1|p' "$dir/verdicts.json" | awk '{ n += $1 } END { print n + 0 }')
  row "$label" "$version" "$paths" "$cases" "$verdict"
}

row build compiler 'code paths' cases verdict
for line in "${builds[@]}"; do
  read -r label compiler flags <<<"${line%%|*}"
  if (($# == 0)) || [[ " $* " == *" $label "* ]]; then
    check "$label" "$compiler" "$flags" "${line##*|}"
  fi
done
((status == 0)) || exit 1
((n_skipped == 0)) || exit 77
