#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks a machine with an NVIDIA GPU in ten minutes, and leaves evidence: gpu-check.json and gpu-check.md.
#
#   scripts/gpu-check.sh [--package DIR|TARBALL] [--build DIR] [--no-build] [--minutes N] [--out DIR]
#                        [--parts NAMES] [--examples REGEX] [--without-gpu]
#
# Of a package (--package; by default the one that this script lies in) or of a build of this tree (build/gpu-check, made
# anew or brought up to date for the GPU that is here; --no-build takes it as it is): what `reprotrain env` says, the
# self-test, the tests labelled cuda (with a build), every example of configs/ against its known result id, on the CPU and
# on the GPU, runs of one verified on the other, a small selection under compute-sanitizer, and scripts/gpu-bench.sh.
#
#   --minutes N      for everything (default: 10); every part has its share. The benchmarks take what is left.
#   --out DIR        default: bench/results/ of the tree, or, from a package, the working directory
#   --parts NAMES    some of: build env selftest tests examples verify sanitizer bench
#   --examples REGEX only examples whose name matches
#   --without-gpu    a rehearsal: parts that need a GPU are shown as skipped
#
# REPROTRAIN_TEST_DATA names a folder with MNIST-10k and California housing; their examples are skipped without it.
# The report is written anew after every part. A part that was skipped, failed or was cut short says so.
# Exit status: 0 nothing failed; 1 something did; 2 usage; 3 nothing failed in a rehearsal; 77 no GPU.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
PATH=$PATH:/usr/local/cuda/bin

fail() {
  echo "gpu-check.sh: $1" >&2
  exit "${2:-2}"
}

package=
build=
builds=yes
build_only=no
has_gpu=yes
passed_on=()
while (($#)); do
  case $1 in
    --package | --build | --out | --minutes | --parts | --examples) (($# > 1)) || fail "$1 needs a value" ;;&
    --package) package=$2; shift ;;
    --build) build=$2; shift ;;
    --no-build) builds=no ;;
    --build-only) build_only=yes ;;
    --without-gpu) has_gpu=no ;;
    --out | --minutes | --parts | --examples) passed_on+=("$1" "$2"); shift ;;
    -h | --help) sed -n '3,23s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown argument $1" ;;
  esac
  shift
done

architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -1 | tr -d . || true)

if [ "$build_only" = yes ]; then
  build=${build:-$root/build/gpu-check}
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DREPROTRAIN_CUDA=ON -DREPROTRAIN_BUILD_TESTS=ON \
    -DCMAKE_CUDA_ARCHITECTURES="${architecture:-90}-real"
  mapfile -t tests < <(cmake --build "$build" --target help | sed -n 's/^\([a-z0-9_]*_cuda_tests\): .*/\1/p')
  cmake --build "$build" --target reprotrain reprotrain_cuda "${tests[@]}"
  exit 0
fi

command -v python3 >/dev/null || fail "python3 is not here; it runs the parts and writes the report"
if [ "$has_gpu" = yes ] && [ -z "$architecture" ]; then
  fail "nvidia-smi finds no GPU; --without-gpu rehearses" 77
fi

arguments=()
if [ -z "$package" ] && [ ! -e "$root/CMakeLists.txt" ]; then
  package=$(dirname "$(dirname "$root")")
fi
if [ -n "$package" ]; then
  if [ -f "$package" ]; then
    unpacked=$(mktemp -d)
    trap 'rm -rf "$unpacked"' EXIT
    tar -xf "$package" -C "$unpacked"
    package=$(dirname "$(dirname "$(find "$unpacked" -path '*/bin/reprotrain' | head -1)")")
  fi
  [ -x "$package/bin/reprotrain" ] || fail "there is no bin/reprotrain in $package"
  arguments+=(--program "$package/bin/reprotrain" --share "$package/share/reprotrain")
  [ -z "$build" ] || arguments+=(--build "$build")
else
  build=${build:-$root/build/gpu-check}
  arguments+=(--program "$build/bin/reprotrain" --share "$root" --build "$build")
  [ "$builds" = no ] || arguments+=(--builder "$here/gpu-check.sh")
fi
if [ -e "$root/CMakeLists.txt" ]; then
  arguments+=(--bench "$here/gpu-bench.sh" --out "$root/bench/results")
fi
[ "$has_gpu" = yes ] || arguments+=(--without-gpu)

status=0
python3 "$here/gpu_check.py" "${arguments[@]}" "${passed_on[@]}" || status=$?
exit "$status"
