#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the correctly rounded functions on all 2^32 arguments.
#
#   scripts/exhaustive.sh [--path binary64|pair|quick] [--jobs N] [--build DIR] [FUNCTION...]
#                                                            (default: all functions, all cores)
#
# --path binary64 (the default) checks results against MPFR; --path pair that the estimates in binary32 pairs
# decide as the binary64 path does, and keep the bounds that they claim; --path quick the same of the quick
# estimates. Each function is cut into 64
# ranges. Prints mismatches and hard cases, then a line of totals a function; exit 1 when any argument was
# wrong. On one core about two to six minutes a function against MPFR, one otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc)
build=build/release
path=binary64
functions=()
while (($#)); do
  case $1 in
    --jobs) jobs=$2; shift 2 ;;
    --path) path=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    -h | --help) sed -n '3,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) functions+=("$1"); shift ;;
  esac
done
if ((${#functions[@]} == 0)); then
  functions=(exp log log1p expm1 tanh sigmoid erf gelu gelu_derivative)
fi

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DREPROTRAIN_BUILD_TESTS=ON >/dev/null
cmake --build "$build" --target reprotrain_exhaustive
program=$build/bin/reprotrain_exhaustive

n_ranges=64
length=$(((1 << 32) / n_ranges))
status=0
for function in "${functions[@]}"; do
  start=$SECONDS
  report=$(mktemp)
  for ((i = 0; i < n_ranges; ++i)); do
    printf '%s --path %s --begin %d --end %d\n' "$function" "$path" $((i * length)) $(((i + 1) * length))
  done | xargs -P "$jobs" -L 1 nice -n 19 "$program" >"$report" || status=1
  grep -v '^#' "$report" | sort || true
  awk -v name="$function" -v seconds=$((SECONDS - start)) '
    /^#/ && ($3 == "pair" || $3 == "quick") {
      path = $3; arguments += $6; wrong += $8; beyond += $10; undecided += $14; if ($17 > worst) worst = $17; next
    }
    /^#/ { arguments += $5; wrong += $7; hard += $9; mpfr = $14 " " $15; asked += $17 }
    END { if (path) printf "# %s %s: %.0f arguments, %d mismatches, %d beyond the bound, %.0f undecided, worst %.3f of the bound, %d s\n",
             name, path, arguments, wrong, beyond, undecided, worst, seconds }
    END { if (!path) printf "# %s: %.0f arguments, %d mismatches, %d hard cases, %s asked %d times, %d s\n",
                 name, arguments, wrong, hard, mpfr, asked, seconds }' "$report"
  rm -f "$report"
done
exit $status
