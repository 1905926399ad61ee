#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows that processors which are not here give the same bits, under emulation.
#
#   scripts/cross-check.sh [--no-install] [--require] [--suite]
#
#   x86-64    the conformance program on a Nehalem (no FMA) and on a Haswell (AVX2)
#   aarch64   cross-compiled: the conformance program on a Cortex-A53 and on a Neoverse N1 (8-bit dot products);
#             every example trained, its result id compared with tests/golden/examples.kat, its run verified by the
#             program of this machine; one example again from HDF5
#
# --suite also builds the unit tests for aarch64 and runs them. Needs qemu-user, the compiler g++-aarch64-linux-gnu and
# a sysroot (scripts/make_aarch64_sysroot.sh); installs the first two as scripts/install_dependencies.sh does.
# Exit status: 0 the same bits, 1 a check failed, 77 no check failed but some were skipped (with --require: 1).
set -uo pipefail
cd "$(dirname "$0")/.." || exit

require=no
suite=OFF
install_arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) install_arguments+=(--no-install) ;;
    --require) require=yes ;;
    --suite) suite=ON ;;
    -h | --help) sed -n '3,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "cross-check.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift
done

host=build/release
arm=build/aarch64
sysroot=build/aarch64-sysroot
out=build/cross-check
on_arm=(qemu-aarch64 -cpu max -L "$sysroot")
n_passed=0
n_failed=0
n_skipped=0

step() { printf '\n== %s\n' "$1"; }
passed() { n_passed=$((n_passed + 1)); printf '  same bits  %-9s %s\n' "$1" "$2"; }
failed() { n_failed=$((n_failed + 1)); printf '  FAILED     %-9s %s\n' "$1" "$2"; }
skipped() { n_skipped=$((n_skipped + 1)); printf '  SKIPPED    %-9s %s\n' "$1" "$2"; }

# qemu LOG COMMAND...: runs an emulator; the features of a processor that it lacks are none that a program here uses.
qemu() {
  local log=$1
  shift
  "$@" 2>"$log.stderr"
  local status=$?
  grep -v "warning: TCG doesn't support requested feature" "$log.stderr" >&2
  return $status
}

# conformance MACHINE PROCESSOR PATHS COMMAND...: the verdicts of exactly the code paths that the processor has.
conformance() {
  local machine=$1 processor=$2 expected=$3 log=$out/conformance-$2.json
  shift 3
  qemu "$log" "$@" --json >"$log"
  local status=$? paths cases
  paths=$(sed -n 's|.*"device": "cpu/\([^"]*\)".*|\1|p' "$log" | uniq | paste -s -d ' ')
  cases=$(sed -n 's|.*"cases": \([0-9]*\),.*|\1|p' "$log" | awk '{ n += $1 } END { print n }')
  if [ "$status" -ne 0 ]; then
    failed "$machine" "conformance on $processor (exit $status), see $log"
    sed -n 's|.*"device": "\([^"]*\)".*"first_fault": "\([^"]\{1,\}\)".*|    \1: the first fault \2|p' "$log"
  elif [ "$paths" != "$expected" ]; then
    failed "$machine" "conformance on $processor ran the paths '$paths' instead of '$expected'"
  else
    passed "$machine" "conformance on $processor: $cases cases on $paths"
  fi
}

# trained NAME LABEL CONFIG ARGUMENT...: trains on aarch64, compares the result id, verifies the run on this machine.
trained() {
  local name=$1 label=$2 config=$3 run=$out/aarch64-$2 expected actual
  shift 3
  if ! qemu "$run" "${on_arm[@]}" "$arm/bin/reprotrain" --config "$config" --out "$run" --force --progress none \
    --threads 2 "$@" >"$run.log"; then
    failed aarch64 "training of $label, see $run.log"
    return
  fi
  expected=$(sed -n "s/^$name \(rr1:[0-9a-f]*\).*/\1/p" tests/golden/examples.kat)
  actual=$(sed -n 's/^ *"result_id": "\(.*\)",\{0,1\}$/\1/p' "$run/run.json")
  if [ -z "$expected" ] || [ "$actual" != "$expected" ]; then
    failed aarch64 "training of $label: ${actual:-no result id} instead of ${expected:-a golden one}"
  elif ! "$host/bin/reprotrain" verify "$run" >"$run.verify.log" 2>&1; then
    failed aarch64 "training of $label: this machine's verify disagrees, see $run.verify.log"
  else
    passed aarch64 "training of $label: $actual, verified here"
  fi
}

check_x86_64() {
  local program=$host/bin/reprotrain_conformance
  conformance x86-64 Nehalem "portable" qemu-x86_64 -cpu Nehalem "$program"
  conformance x86-64 Haswell "portable avx2" qemu-x86_64 -cpu Haswell "$program"
}

check_aarch64() {
  local program=$arm/bin/reprotrain_conformance table=$out/diabetes.h5 name
  conformance aarch64 cortex-a53 "portable" qemu-aarch64 -cpu cortex-a53 -L "$sysroot" "$program"
  conformance aarch64 neoverse-n1 "portable neondot" qemu-aarch64 -cpu neoverse-n1 -L "$sysroot" "$program"
  for name in breast_cancer diabetes digits; do
    trained "$name" "$name" "configs/$name/$name.json"
  done
  rm -f "$table"
  if qemu "$table" "${on_arm[@]}" "$arm/bin/reprotrain" data import configs/diabetes/diabetes.csv --out "$table"; then
    trained diabetes diabetes-from-hdf5 configs/diabetes/diabetes.json --set "data.source=$table"
  else
    failed aarch64 "data import of configs/diabetes/diabetes.csv"
  fi
}

# Not the tests of the source tree, nor those in Python, which start programs without the emulator.
check_suite() {
  if cmake --build "$arm" >"$out/build-aarch64-tests.log" 2>&1 &&
    ctest --test-dir "$arm" --output-on-failure --no-tests=error -j "$(nproc)" -R '^(kernels|engine|harness)/'; then
    passed aarch64 "unit tests"
  else
    failed aarch64 "unit tests"
  fi
}

build_here() {
  { [ -f "$host/CMakeCache.txt" ] || cmake --preset release; } &&
    cmake --build "$host" --target reprotrain reprotrain_conformance
}

build_for_aarch64() {
  cmake -S . -B "$arm" -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake "-DREPROTRAIN_BUILD_TESTS=$suite" &&
    cmake --build "$arm" --target reprotrain reprotrain_conformance
}

# logged LOG COMMAND...: quiet unless it fails.
logged() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 && return
  local status=$?
  tail -n 20 "$log" >&2
  return $status
}

mkdir -p "$out"
step "Packages"
scripts/install_dependencies.sh --cross "${install_arguments[@]}"
step "Build for this machine"
logged "$out/build.log" build_here || exit 1

step "x86-64"
if command -v qemu-x86_64 >/dev/null; then
  check_x86_64
else
  skipped x86-64 "qemu-user is not installed"
fi

step "aarch64"
if ! command -v qemu-aarch64 >/dev/null; then
  skipped aarch64 "qemu-user is not installed"
elif ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  skipped aarch64 "g++-aarch64-linux-gnu is not installed"
elif ! scripts/make_aarch64_sysroot.sh "$sysroot"; then
  skipped aarch64 "there is no sysroot"
elif ! logged "$out/build-aarch64.log" build_for_aarch64; then
  failed aarch64 "build, see $out/build-aarch64.log"
else
  check_aarch64
  [ $suite = OFF ] || check_suite
fi

printf '\ncross-check: %d checks with the same bits, %d failed, %d skipped\n' $n_passed $n_failed $n_skipped
[ $n_failed -eq 0 ] || exit 1
[ $n_skipped -gt 0 ] || exit 0
[ $require = yes ] && exit 1
exit 77
