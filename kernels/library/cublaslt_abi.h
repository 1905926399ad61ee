// SPDX-License-Identifier: Apache-2.0
// What we use of cuBLASLt's binary interface, in our own words: so that the program is built, and its
// calls are tested, where the library's header is not installed.
//
// Numbers and layouts are facts of the library's versions 12 and 13; abi_check.cpp compares each with
// the header where there is one.
// See also: cublaslt.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace reprotrain::kernels::cublaslt {

using Status = int;
inline constexpr Status kSuccess = 0;
inline constexpr Status kInvalidValue = 7;
inline constexpr Status kNotSupported = 15;

using Handle = struct Context*;
struct DescriptorMemory;
using MatmulDesc = DescriptorMemory*;
using MatrixLayout = DescriptorMemory*;
using Preference = DescriptorMemory*;

/// One of the library's kernels with its settings. May be kept as bytes, for the same version.
struct Algorithm {
  uint64_t data[8];
};

struct HeuristicResult {
  Algorithm algorithm;
  size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};

// cudaDataType
inline constexpr int kReal32F = 0;
inline constexpr int kReal8I = 3;
inline constexpr int kReal32I = 10;
inline constexpr int kReal16BF = 14;

// cublasComputeType_t
inline constexpr int kCompute32F = 68;
inline constexpr int kCompute32I = 72;
inline constexpr int kCompute32FFastTf32 = 77;

// cublasOperation_t
inline constexpr int kPlain = 0;
inline constexpr int kTransposed = 1;

// cublasLtMatmulDescAttributes_t
inline constexpr int kDescTransposeA = 3;
inline constexpr int kDescTransposeB = 4;

// cublasLtMatmulPreferenceAttributes_t
inline constexpr int kPreferMostWorkspace = 1;
inline constexpr int kPreferReductionSchemes = 3;
inline constexpr int kPreferAlignmentA = 5;
inline constexpr int kPreferAlignmentB = 6;
inline constexpr int kPreferAlignmentC = 7;
inline constexpr int kPreferAlignmentD = 8;

// cublasLtReductionScheme_t: how the parts of a split product are added up
inline constexpr uint32_t kReduceNone = 0;
inline constexpr uint32_t kReduceInPlace = 1;      ///< in the order in which parts are ready
inline constexpr uint32_t kReduceComputeType = 2;  ///< in work space, in a fixed order

// cublasLtMatmulAlgoCapAttributes_t, cublasLtMatmulAlgoConfigAttributes_t
inline constexpr int kCapNumericalFlags = 15;
inline constexpr int kConfigReductionScheme = 3;

// cublasLtNumericalImplFlags_t
inline constexpr uint64_t kFlagFma = 0x1;
inline constexpr uint64_t kFlagsTensorCore = 0xfe;
inline constexpr uint64_t kFlagAccumulates32F = 0x2 << 8;
inline constexpr uint64_t kFlagsAccumulator = 0xff << 8;
inline constexpr uint64_t kFlagInput16BF = 0x2 << 16;
inline constexpr uint64_t kFlagInputTf32 = 0x4 << 16;
inline constexpr uint64_t kFlagInput32F = 0x8 << 16;
inline constexpr uint64_t kFlagsInput = 0xff << 16;

/// The functions, by the names that the library exports.
struct Functions {
  size_t (*cublasLtGetVersion)();
  Status (*cublasLtCreate)(Handle*);
  Status (*cublasLtDestroy)(Handle);
  Status (*cublasLtMatmul)(Handle, MatmulDesc, const void* alpha, const void* a, MatrixLayout,
                           const void* b, MatrixLayout, const void* beta, const void* c,
                           MatrixLayout, void* d, MatrixLayout, const Algorithm*, void* workspace,
                           size_t workspace_bytes, cudaStream_t);
  Status (*cublasLtMatmulAlgoGetHeuristic)(Handle, MatmulDesc, MatrixLayout a, MatrixLayout b,
                                           MatrixLayout c, MatrixLayout d, Preference, int n_wanted,
                                           HeuristicResult*, int* n_found);
  Status (*cublasLtMatmulAlgoCheck)(Handle, MatmulDesc, MatrixLayout a, MatrixLayout b,
                                    MatrixLayout c, MatrixLayout d, const Algorithm*,
                                    HeuristicResult*);
  Status (*cublasLtMatmulAlgoCapGetAttribute)(const Algorithm*, int attribute, void*, size_t,
                                              size_t* n_written);
  Status (*cublasLtMatmulAlgoConfigGetAttribute)(const Algorithm*, int attribute, void*, size_t,
                                                 size_t* n_written);
  Status (*cublasLtMatmulDescCreate)(MatmulDesc*, int compute_type, int scale_type);
  Status (*cublasLtMatmulDescDestroy)(MatmulDesc);
  Status (*cublasLtMatmulDescSetAttribute)(MatmulDesc, int attribute, const void*, size_t);
  Status (*cublasLtMatrixLayoutCreate)(MatrixLayout*, int type, uint64_t n_rows, uint64_t n_columns,
                                       int64_t leading_dimension);
  Status (*cublasLtMatrixLayoutDestroy)(MatrixLayout);
  Status (*cublasLtMatmulPreferenceCreate)(Preference*);
  Status (*cublasLtMatmulPreferenceDestroy)(Preference);
  Status (*cublasLtMatmulPreferenceSetAttribute)(Preference, int attribute, const void*, size_t);
};

}  // namespace reprotrain::kernels::cublaslt
