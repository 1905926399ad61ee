#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, runs the test suite.
#
#   ./scripts/test.sh [--full] [--no-install] [CTEST_ARGUMENT...]
#
# --full adds the slow ones: every header compiled alone, every example killed and resumed twenty times and run
# on every build variant (scripts/invariance.py), the known answers under every compiler (scripts/compiler-check.sh),
# known answers, examples and unit tests on other processors (scripts/cross-check.sh).
# Where nvcc is installed, the CUDA module is built too, for one GPU architecture and PTX for later ones.
# REPROTRAIN_TEST_DATA names a folder with MNIST-10k and California housing; tests that need it are
# skipped, and say so, when it is not set.
# Exit status: 0 all passed; 77 with --full, when nothing failed but checks were skipped; else something failed.
set -euo pipefail
cd "$(dirname "$0")/.."

full=no
install_arguments=()
ctest_arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --full) full=yes ;;
    --no-install) install_arguments+=(--no-install) ;;
    -h | --help) sed -n '3,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) ctest_arguments+=("$1") ;;
  esac
  shift
done

preset=release
[ "${CI:-}" = true ] && preset=ci

cuda=OFF
nvcc=$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc || true)
nvcc_release=$([ -z "$nvcc" ] || "$nvcc" --version | sed -n 's/.*release \([0-9]*\).*/\1/p')
if [ "${nvcc_release:-0}" -ge 12 ]; then
  cuda=ON
  export CUDACXX=${CUDACXX:-$nvcc}
else
  echo "SKIPPED: the CUDA module and its tests (no nvcc of CUDA 12 or later)" >&2
fi

scripts/install_dependencies.sh --tests "${install_arguments[@]}"
cmake --preset "$preset" -DREPROTRAIN_BUILD_TESTS=ON -DREPROTRAIN_CUDA="$cuda"
cmake --build --preset "$preset"
ctest --test-dir build/release --output-on-failure -j "$(nproc)" "${ctest_arguments[@]}"
if [ "$full" = yes ]; then
  cmake --build --preset "$preset" --target all_verify_interface_header_sets
  REPROTRAIN_SCHEDULES=100 ctest --test-dir build/release --output-on-failure -j "$(nproc)" -R '^emulated_kernels/'
  scripts/invariance.py --builds
  status=0
  scripts/compiler-check.sh || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || exit "$status"
  scripts/cross-check.sh --suite "${install_arguments[@]}" || status=$?
  exit "$status"
fi
