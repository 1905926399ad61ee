# SPDX-License-Identifier: Apache-2.0
# The CUDA kernels, relative to this folder: nvcc compiles them for GPUs, the C++ compiler for tests.
set(REPROTRAIN_CUDA_SOURCES
  digest/tile_digest_cuda.cu
  elementwise/activation_cuda.cu
  elementwise/dropout_cuda.cu
  elementwise/elementary_array_cuda.cu
  elementwise/initialisation_cuda.cu
  feature/feature_cuda.cu
  matmul/ordered_matmul.cu
  optimizer/optimizer_cuda.cu
  random/philox_cuda.cu
  random/shuffle_cuda.cu
)
# What calls a library that needs a GPU; tests have plain implementations.
set(REPROTRAIN_CUDA_LIBRARY_SOURCES
  random/sort_pairs.cu
)
set(REPROTRAIN_CUDA_HEADERS
  base/cuda_error.h
  base/cuda_grid.h
  base/cuda_launch.h
  digest/tile_digest_cuda.h
  elementwise/activation_cuda.h
  elementwise/dropout_cuda.h
  elementwise/elementary_array_cuda.h
  elementwise/initialisation_cuda.h
  elementwise/quad_map.h
  feature/feature_cuda.h
  matmul/ordered_matmul_cuda.h
  matmul/ordered_tile_cuda.h
  matmul/panel_loader_cuda.h
  optimizer/optimizer_cuda.h
  random/philox_cuda.h
  random/shuffle_cuda.h
  random/sort_pairs.h
)
