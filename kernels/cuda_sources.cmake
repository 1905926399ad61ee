# SPDX-License-Identifier: Apache-2.0
# The CUDA kernels, relative to this folder: nvcc compiles them for GPUs, the C++ compiler for tests.
set(REPROTRAIN_CUDA_SOURCES
  elementwise/elementary_array_cuda.cu
  matmul/digit_rows.cu
  matmul/int8_gemm.cu
  matmul/ordered_matmul.cu
  matmul/sliced_matmul.cu
)
# What calls a library that needs a GPU; tests have plain implementations.
set(REPROTRAIN_CUDA_LIBRARY_SOURCES
  matmul/cublaslt_int8_gemm.cpp
)
set(REPROTRAIN_CUDA_HEADERS
  base/cuda_error.h
  base/cuda_launch.h
  elementwise/elementary_array_cuda.h
  elementwise/quad_map.h
  matmul/chain_fold_cuda.h
  matmul/cublaslt_int8_gemm.h
  matmul/digit_rows_cuda.h
  matmul/int8_gemm_cuda.h
  matmul/ordered_matmul_cuda.h
  matmul/panel_loader_cuda.h
  matmul/panel_pipeline_cuda.h
  matmul/sliced_matmul_cuda.h
  matmul/thread_tile_cuda.h
  matmul/tile_grid_cuda.h
)
