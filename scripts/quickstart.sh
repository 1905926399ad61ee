#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a verified run: installs what is missing, builds, trains a small network on the
# UCI digits, executes the run a second time to verify it, and prints its result id.
#
#   ./scripts/quickstart.sh [--no-install] [--out DIR]
set -euo pipefail
cd "$(dirname "$0")/.."

out=build/quickstart
install_arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) install_arguments+=(--no-install) ;;
    --out) out=$2; shift ;;
    -h | --help) sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "quickstart.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift
done

step() { printf '\n== %s\n' "$1"; }

step "Packages"
scripts/install_dependencies.sh "${install_arguments[@]}"

step "Build"
cmake --preset release -DREPROTRAIN_BUILD_TESTS=OFF >build-configure.log 2>&1 ||
  { cat build-configure.log >&2; exit 1; }
mv build-configure.log build/release/configure.log
cmake --build --preset release --target reprotrain

step "Train on configs/digits/digits.json"
build/release/bin/reprotrain --config configs/digits/digits.json --out "$out" --force

step "Verify: check the evidence, execute the run again, compare every traced step"
build/release/bin/reprotrain verify "$out"

expected=$(sed -n 's/^digits \(rr1:[0-9a-f]*\).*/\1/p' tests/golden/examples.kat)
actual=$(sed -n 's/^ *"result_id": "\(.*\)",\{0,1\}$/\1/p' "$out/run.json")
step "Result id"
echo "this machine  $actual"
echo "everywhere    $expected"
[ "$actual" = "$expected" ] || { echo "The bits differ: please report it with $out/run.json" >&2; exit 1; }
