#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the kernels for the GPU of this machine, proves them by the known answers, measures them; then training.
#
#   scripts/gpu-bench.sh [--out DIR] [--repetitions N] [--build DIR] [--build-only] [--program FILE] [--seconds N]
#
# Needs CMake, Ninja, a C++ compiler and the CUDA Toolkit (nvcc, cuBLAS headers); nothing else. cuBLAS itself
# comes from the toolkit or, where it has none, from the libraries beside PyTorch. Writes gpu-bench.md and
# gpu-bench.json to DIR (default: bench/results/), anew after every row: what ends it early loses nothing. A few
# minutes to build, less than three to measure. --build-only compiles for sm_90 where there is no GPU.
#
# Training (bench/gpu/train_beside_torch.py: train-beside-torch.md and .json beside them) takes what is left of
# --seconds (default: 1800, of everything; 0: no training). FILE is a reprotrain with its CUDA module (default:
# build/gpu-check/bin/reprotrain, which scripts/gpu-check.sh --build-only makes); the peer is the PyTorch of python3.
# Exit 1: some bits differ or a part failed, as the report says; 77: no GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

out=bench/results
build=build/gpu-bench
repetitions=7
build_only=no
program=build/gpu-check/bin/reprotrain
seconds=1800
while (($#)); do
  case $1 in
    --out | --repetitions | --build | --program | --seconds) (($# > 1)) || { echo "gpu-bench.sh: $1 needs a value" >&2; exit 2; } ;;&
    --out) out=$2; shift 2 ;;
    --repetitions) repetitions=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --program) program=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --build-only) build_only=yes; shift ;;
    -h | --help) sed -n '3,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
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
status=0
"$build/bin/gpu_bench" --repetitions "$repetitions" --commit "$commit" \
  --json "$out/gpu-bench.json" --markdown "$out/gpu-bench.md" || status=$?
((status <= 1)) || exit "$status"

left=$((seconds - SECONDS))
if [ ! -x "$program" ]; then
  echo "gpu-bench.sh: no training: there is no $program (scripts/gpu-check.sh --build-only makes it)" >&2
elif ! command -v python3 >/dev/null; then
  echo "gpu-bench.sh: no training: python3 is not here" >&2
elif ((left < 30)); then
  echo "gpu-bench.sh: no training: no time was left" >&2
else
  python3 bench/gpu/train_beside_torch.py --program "$program" --seconds "$left" --out "$out" || status=1
fi
exit "$status"
