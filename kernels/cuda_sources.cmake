# SPDX-License-Identifier: Apache-2.0
# The CUDA kernels, relative to this folder: nvcc compiles them for GPUs, the C++ compiler for tests.
set(REPROTRAIN_CUDA_SOURCES
  elementwise/elementary_array_cuda.cu
  elementwise/layer_norm_cuda.cu
  loss/loss_list_cuda.cu
  reduce/column_sums_cuda.cu
  reduce/exact_sum_cuda.cu
)
set(REPROTRAIN_CUDA_HEADERS
  base/cuda_error.h
  base/cuda_launch.h
  elementwise/elementary_array_cuda.h
  elementwise/layer_norm_cuda.h
  elementwise/quad_map.h
  elementwise/warp_sum.h
  loss/loss_list_cuda.h
  reduce/column_sums_cuda.h
  reduce/exact_sum_cuda.h
  reduce/thread_limbs.h
)
