# SPDX-License-Identifier: Apache-2.0
# The CUDA kernels, relative to this folder: nvcc compiles them for GPUs, the C++ compiler for tests.
set(REPROTRAIN_CUDA_SOURCES
  elementwise/elementary_array_cuda.cu
  matmul/ordered_matmul.cu
)
set(REPROTRAIN_CUDA_HEADERS
  base/cuda_error.h
  base/cuda_launch.h
  elementwise/elementary_array_cuda.h
  elementwise/quad_map.h
  matmul/ordered_matmul_cuda.h
  matmul/ordered_tile_cuda.h
  matmul/panel_loader_cuda.h
)
