#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows on an x86-64 machine that other processors give the same bits, by emulation with qemu-user.
#
#   scripts/cross-check.sh [--conformance | --suite] [--require] [--no-install]
#
#   conformance  the known answers on a Nehalem (x86-64 without FMA), a Haswell (AVX2), a Cortex-A53 (aarch64) and a
#                Neoverse N1 (aarch64 with 8-bit dot products); needs the cross compiler alone
#   training     the whole program for aarch64, against the libraries of scripts/make_aarch64_sysroot.sh: every example
#                trained, its result id compared with tests/golden/examples.kat, the run verified by the program of
#                this machine; one example also from an HDF5 file
#   suite        the unit tests for aarch64
#
# --conformance stops after the first part; only --suite goes on to the third. What is missing is installed as
# scripts/install_dependencies.sh does it.
# Exit status: 0 the same bits, 1 a check failed, 77 no check failed but some were skipped (1 with --require).
set -uo pipefail
cd "$(dirname "$0")/.." || exit

parts="conformance training"
require=no
install_arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --conformance) parts="conformance" ;;
    --suite) parts="conformance training suite"; install_arguments+=(--tests) ;;
    --require) require=yes ;;
    --no-install) install_arguments+=(--no-install) ;;
    -h | --help) sed -n '3,18s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "cross-check.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift
done
[ "$(uname -m)" = x86_64 ] || { echo "cross-check.sh: emulates from x86-64; test $(uname -m) with scripts/test.sh" >&2; exit 2; }

here=build/release
arm_conformance=build/aarch64-conformance
arm=build/aarch64
sysroot=$PWD/build/aarch64-sysroot
out=build/cross-check
arm_options=(-G Ninja --toolchain cmake/aarch64-linux-gnu.cmake)
[ "${CI:-}" = true ] && arm_options+=(-DREPROTRAIN_WERROR=ON)
n_passed=0
n_failed=0
n_skipped=0

step() { printf '\n== %s\n' "$1"; }
passed() { n_passed=$((n_passed + 1)); printf '  same bits  %s\n' "$1"; }
failed() { n_failed=$((n_failed + 1)); printf '  FAILED     %s\n' "$1"; }
skipped() { n_skipped=$((n_skipped + 1)); printf '  SKIPPED    %s\n' "$1"; }

# logged LOG COMMAND...: quiet unless it fails.
logged() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  [ $status -eq 0 ] || tail -n 20 "$log" >&2
  return $status
}

# emulated LOG COMMAND...: standard output to LOG, without what qemu says about features that no program here uses.
emulated() {
  local log=$1
  shift
  "$@" >"$log" 2> >(grep -v "warning: TCG doesn't support requested feature" >&2)
}

# Asked for one by one: of several, "command -v" finds some.
arm_tools_are_there() { command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null; }

build_conformance_here() {
  { [ -f "$here/CMakeCache.txt" ] || cmake --preset release -DREPROTRAIN_BUILD_TESTS=OFF; } &&
    cmake --build "$here" --target reprotrain_conformance
}

build_conformance_for_arm() {
  cmake -S . -B "$arm_conformance" "${arm_options[@]}" -DREPROTRAIN_CONFORMANCE_ONLY=ON &&
    cmake --build "$arm_conformance" --target reprotrain_conformance
}

# conformance PROCESSOR PATHS COMMAND...: the known answers on exactly the code paths that the processor is made for.
conformance() {
  local processor=$1 expected=$2 verdicts=$out/conformance-$1.json status=0 paths cases
  shift 2
  emulated "$verdicts" "$@" --json || status=$?
  paths=$(sed -n 's|.*"device": "cpu/\([^"]*\)".*|\1|p' "$verdicts" | uniq | paste -s -d ' ')
  cases=$(sed -n 's|.*"cases": \([0-9]*\),.*|\1|p' "$verdicts" | awk '{ n += $1 } END { print n + 0 }')
  if [ $status -ne 0 ]; then
    failed "$processor: exit status $status, see $verdicts"
    sed -n 's|.*"operator": "\([^"]*\)".*"device": "\([^"]*\)".*"first_fault": "\([^"]\{1,\}\)".*|    \2, \1: \3|p' "$verdicts"
  elif [ "$paths" != "$expected" ]; then
    failed "$processor: ran the code paths '$paths' instead of '$expected'"
  else
    passed "$processor: $cases cases on $paths"
  fi
}

check_conformance() {
  local here_program=$here/bin/reprotrain_conformance arm_program=$arm_conformance/bin/reprotrain_conformance
  if ! logged "$out/build-conformance-here.log" build_conformance_here; then
    failed "build for x86-64"
  elif ! command -v qemu-x86_64 >/dev/null; then
    skipped "x86-64: qemu-user is not installed"
  else
    conformance Nehalem "portable" qemu-x86_64 -cpu Nehalem "$here_program"
    conformance Haswell "portable avx2" qemu-x86_64 -cpu Haswell "$here_program"
  fi
  if ! arm_tools_are_there; then
    skipped "aarch64: g++-aarch64-linux-gnu or qemu-user is not installed"
  elif ! logged "$out/build-conformance-aarch64.log" build_conformance_for_arm; then
    failed "build for aarch64"
  else
    conformance cortex-a53 "portable" qemu-aarch64 -cpu cortex-a53 -L /usr/aarch64-linux-gnu "$arm_program"
    conformance neoverse-n1 "portable neondot" qemu-aarch64 -cpu neoverse-n1 -L /usr/aarch64-linux-gnu "$arm_program"
  fi
}

build_program_here() { cmake --build "$here" --target reprotrain; }

build_for_arm() {
  cmake -S . -B "$arm" "${arm_options[@]}" "-DREPROTRAIN_SYSROOT=$sysroot" "-DREPROTRAIN_BUILD_TESTS=$1" &&
    cmake --build "$arm" --target "$2"
}

on_arm() { qemu-aarch64 -cpu max -L "$sysroot" "$arm/bin/reprotrain" "$@"; }

# trained NAME LABEL ARGUMENT...: the example NAME trained on aarch64, and verified on this machine.
trained() {
  local name=$1 label=$2 run=$out/aarch64-$2 expected actual
  shift 2
  if ! emulated "$run.log" on_arm --config "configs/$name/$name.json" --out "$run" --force --progress none --threads 2 "$@"
  then
    failed "$label: see $run.log"
    return
  fi
  expected=$(sed -n "s/^$name \(rr1:[0-9a-f]*\).*/\1/p" tests/golden/examples.kat)
  actual=$(sed -n 's/^ *"result_id": "\(.*\)",\{0,1\}$/\1/p' "$run/run.json")
  if [ -z "$expected" ] || [ "$actual" != "$expected" ]; then
    failed "$label: ${actual:-no result id} instead of ${expected:-a golden one}"
  elif ! "$here/bin/reprotrain" verify "$run" >"$run.verify.log" 2>&1; then
    failed "$label: verify on this machine disagrees, see $run.verify.log"
  else
    passed "$label: ${actual:0:20}..., verified on this machine"
  fi
}

check_training() {
  local name table=$out/diabetes.h5
  if ! logged "$out/build-here.log" build_program_here || ! logged "$out/build-aarch64.log" build_for_arm OFF reprotrain
  then
    failed "build of the program"
    return
  fi
  for name in breast_cancer diabetes digits; do
    trained $name $name
  done
  rm -f "$table"
  if emulated "$table.log" on_arm data import configs/diabetes/diabetes.csv --out "$table"; then
    trained diabetes diabetes-from-hdf5 --set "data.source=$PWD/$table"
  else
    failed "data import: see $table.log"
  fi
}

# Not the tests of the source tree, nor those in Python, which start programs without the emulator; of those over the
# known answers, the ones of images alone: the others compare the words of the first part again, in other cuts, for
# minutes each. qemu-user grants memory beyond a limit of the address space, so that one cannot be tested.
check_suite() {
  if logged "$out/build-suite.log" build_for_arm ON all &&
    ctest --test-dir "$arm" --output-on-failure --no-tests=error -j "$(nproc)" \
      -R '^(kernels|engine|harness)/|^conformance_checks/(BatchNorm|Convolution|Pooling)\.' \
      -E '^engine/Hdf5Stream\.MemoryIsLimited$'; then
    passed "unit tests"
  else
    failed "unit tests"
  fi
}

sysroot_is_there() { arm_tools_are_there && scripts/make_aarch64_sysroot.sh "$sysroot"; }

mkdir -p "$out"
scripts/install_dependencies.sh --cross "${install_arguments[@]}" || true
for part in $parts; do
  step "$part"
  if [ "$part" = conformance ] || sysroot_is_there; then
    "check_$part"
  else
    skipped "$part on aarch64: there are no aarch64 tools or libraries"
  fi
done

printf '\ncross-check: %d checks with the same bits, %d failed, %d skipped\n' $n_passed $n_failed $n_skipped
[ $n_failed -eq 0 ] || exit 1
[ $n_skipped -gt 0 ] || exit 0
[ $require = no ] || exit 1
exit 77
