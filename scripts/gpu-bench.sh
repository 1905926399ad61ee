#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the kernels for the GPU of this machine, proves them by the known answers, measures them.
#
#   scripts/gpu-bench.sh [--out DIR] [--repetitions N] [--build DIR] [--build-only]
#
# Needs CMake, Ninja, a C++ compiler and the CUDA Toolkit (nvcc, cuBLAS headers); nothing else. cuBLAS itself
# comes from the toolkit or, where it has none, from the libraries beside PyTorch. Writes gpu-bench.md and
# gpu-bench.json to DIR (default: bench/results/), anew after every row: what ends it early loses nothing. A few
# minutes to build, less than three to measure. --build-only compiles for sm_90 where there is no GPU.
# Exit 1: some bits differ or a part failed, as the report says; 77: no GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

out=bench/results
build=build/gpu-bench
repetitions=7
build_only=no
while (($#)); do
  case $1 in
    --out | --repetitions | --build) (($# > 1)) || { echo "gpu-bench.sh: $1 needs a value" >&2; exit 2; } ;;&
    --out) out=$2; shift 2 ;;
    --repetitions) repetitions=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --build-only) build_only=yes; shift ;;
    -h | --help) sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gpu-bench.sh: unknown argument $1" >&2; exit 2 ;;
  esac
done

PATH=$PATH:/usr/local/cuda/bin
architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -1 | tr -d . || true)
if [ -z "$architecture" ]; then
  [ "$build_only" = yes ] || { echo "gpu-bench.sh: nvidia-smi finds no GPU" >&2; exit 77; }
  architecture=90
fi

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DREPROTRAIN_CUDA=ON -DREPROTRAIN_BUILD_BENCH=ON \
  -DREPROTRAIN_CONFORMANCE_ONLY=ON -DCMAKE_CUDA_ARCHITECTURES="$architecture-real" >/dev/null
cmake --build "$build" --target gpu_bench
[ "$build_only" = no ] || exit 0

# Where the toolkit has no cuBLAS, PyTorch brings one.
beside_pytorch=$(python3 -c 'import importlib.util, pathlib
root = pathlib.Path(importlib.util.find_spec("torch").origin).parent.parent / "nvidia"
print(":".join(str(path) for path in sorted(root.glob("*/lib"))))' 2>/dev/null || true)
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/cuda/lib64${beside_pytorch:+:$beside_pytorch}

mkdir -p "$out"
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
"$build/bin/gpu_bench" --repetitions "$repetitions" --commit "$commit" \
  --json "$out/gpu-bench.json" --markdown "$out/gpu-bench.md"
