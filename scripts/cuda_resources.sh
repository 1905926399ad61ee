#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reports registers, shared memory, stack and spills of every CUDA kernel as ptxas gives them, and fails
# when a kernel spills registers to memory. Needs nvcc, no GPU.
#
#   ./scripts/cuda_resources.sh [SM]        SM: 90 by default
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-90}" in
  -h | --help) sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]*) echo "cuda_resources.sh: $1 is no compute capability such as 90" >&2; exit 2 ;;
esac
architecture=sm_${1:-90}
nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
[ -x "$nvcc" ] || { echo "SKIPPED: nvcc is not installed" >&2; exit 77; }
flags=(-std=c++20 -arch="$architecture" -O3 --fmad=false --ftz=false --prec-div=true --prec-sqrt=true
       --expt-relaxed-constexpr -I. -cubin -Xptxas=-v)
sources=$(sed -n '/^set(REPROTRAIN_CUDA_SOURCES/,/^)/s/^ *\([^ ]*\.cu\)$/\1/p' kernels/cuda_sources.cmake)
[ -n "$sources" ] || { echo "kernels/cuda_sources.cmake lists no kernel" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for source in $sources; do
  if ! "$nvcc" "${flags[@]}" "kernels/$source" -o "$folder/cubin" 2>"$folder/messages"; then
    cat "$folder/messages" >&2
    exit 1
  fi
  sed "s|^|$source |" "$folder/messages"
done | c++filt | awk '
  # ptxas names an entry first, then its stack and spills, then its registers.
  /Compiling entry function/ {
    name = $0
    sub(/.*Compiling entry function ./, "", name)
    sub(/. for .sm_.*/, "", name)
    gsub(/reprotrain::kernels::|_INTERNAL_[0-9a-z_]*::|\(anonymous namespace\)::|<unnamed>::|void /, "", name)
    sub(/\(.*/, "", name)
    is_entry = 1
  }
  /Function properties for/ { properties_of = $0 }
  /bytes stack frame/ && is_entry { stack = $2; spills = $6 + $10 }
  /Used [0-9]+ registers/ && is_entry {
    shared = 0
    for (i = 2; i <= NF; ++i) {
      if ($i == "registers" || $i == "registers,") registers = $(i - 1)
      if ($i ~ /^smem/) shared = $(i - 2)
    }
    printf "%-44s %4d registers %6d B shared %6d B stack %6d B spilled  %s\n", name, registers, shared, stack, spills, $1
    ++n_kernels
    n_spilling += spills > 0
    is_entry = 0
  }
  END {
    printf "%d kernels, %d with spills\n", n_kernels, n_spilling
    exit n_kernels == 0 || n_spilling > 0
  }'
