#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests that need a GPU, in a build that has none of them: ends with 77, which ctest shows as skipped, or fails where
# REPROTRAIN_REQUIRE_GPU=1, as gpu_main.cpp does without a GPU.
status=77
verdict=SKIPPED
if [ "${REPROTRAIN_REQUIRE_GPU:-}" = 1 ]; then
  status=1
  verdict=FAILED
fi
echo "$verdict: this build has no CUDA kernels; configure with -DREPROTRAIN_CUDA=ON" >&2
exit $status
