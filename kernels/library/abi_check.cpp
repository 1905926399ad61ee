// SPDX-License-Identifier: Apache-2.0
// Our declarations of NVIDIA's libraries agree with their headers, where these are installed.
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/library/cublaslt_abi.h"
#include "kernels/library/cudnn_abi.h"

namespace reprotrain::kernels {
namespace {

/// Functions agree where their parameters have the same sizes in the same order: enumerations are ints
/// and descriptors are pointers on either side.
template <typename Ours, typename Theirs>
struct AreAlike : std::false_type {};
template <typename R, typename... A, typename S, typename... B>
struct AreAlike<R (*)(A...), S (*)(B...)>
    : std::bool_constant<sizeof...(A) == sizeof...(B) && std::is_void_v<R> == std::is_void_v<S>> {
  static_assert(((sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B>)&&...));
};

}  // namespace
}  // namespace reprotrain::kernels

#define SAME(ours, theirs) \
  static_assert(static_cast<uint64_t>(ours) == static_cast<uint64_t>(theirs))
#define AGREES(name) static_assert(AreAlike<decltype(Functions::name), decltype(&::name)>::value)

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>

namespace reprotrain::kernels::cublaslt {
namespace {

SAME(kSuccess, CUBLAS_STATUS_SUCCESS);
SAME(kInvalidValue, CUBLAS_STATUS_INVALID_VALUE);
SAME(kNotSupported, CUBLAS_STATUS_NOT_SUPPORTED);
SAME(kReal32F, CUDA_R_32F);
SAME(kReal8I, CUDA_R_8I);
SAME(kReal32I, CUDA_R_32I);
SAME(kReal16BF, CUDA_R_16BF);
SAME(kCompute32F, CUBLAS_COMPUTE_32F);
SAME(kCompute32I, CUBLAS_COMPUTE_32I);
SAME(kCompute32FFastTf32, CUBLAS_COMPUTE_32F_FAST_TF32);
SAME(kPlain, CUBLAS_OP_N);
SAME(kTransposed, CUBLAS_OP_T);
SAME(kDescTransposeA, CUBLASLT_MATMUL_DESC_TRANSA);
SAME(kDescTransposeB, CUBLASLT_MATMUL_DESC_TRANSB);
SAME(kPreferMostWorkspace, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME(kPreferReductionSchemes, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
SAME(kPreferAlignmentA, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
SAME(kPreferAlignmentB, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
SAME(kPreferAlignmentC, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
SAME(kPreferAlignmentD, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
SAME(kReduceNone, CUBLASLT_REDUCTION_SCHEME_NONE);
SAME(kReduceInPlace, CUBLASLT_REDUCTION_SCHEME_INPLACE);
SAME(kReduceComputeType, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
SAME(kCapNumericalFlags, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS);
SAME(kConfigReductionScheme, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
SAME(kFlagFma, CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA);
SAME(kFlagsTensorCore, CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK);
SAME(kFlagAccumulates32F, CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F);
SAME(kFlagsAccumulator, CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_TYPE_MASK);
SAME(kFlagInput16BF, CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_16BF);
SAME(kFlagInputTf32, CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_TF32);
SAME(kFlagInput32F, CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F);
SAME(kFlagsInput, CUBLASLT_NUMERICAL_IMPL_FLAGS_OP_INPUT_TYPE_MASK);
static_assert(sizeof(Algorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(HeuristicResult) == sizeof(cublasLtMatmulHeuristicResult_t) &&
              offsetof(HeuristicResult, workspace_bytes) ==
                  offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize) &&
              offsetof(HeuristicResult, state) == offsetof(cublasLtMatmulHeuristicResult_t, state));

AGREES(cublasLtGetVersion);
AGREES(cublasLtCreate);
AGREES(cublasLtDestroy);
AGREES(cublasLtMatmul);
AGREES(cublasLtMatmulAlgoGetHeuristic);
AGREES(cublasLtMatmulAlgoCheck);
AGREES(cublasLtMatmulAlgoCapGetAttribute);
AGREES(cublasLtMatmulAlgoConfigGetAttribute);
AGREES(cublasLtMatmulDescCreate);
AGREES(cublasLtMatmulDescDestroy);
AGREES(cublasLtMatmulDescSetAttribute);
AGREES(cublasLtMatrixLayoutCreate);
AGREES(cublasLtMatrixLayoutDestroy);
AGREES(cublasLtMatmulPreferenceCreate);
AGREES(cublasLtMatmulPreferenceDestroy);
AGREES(cublasLtMatmulPreferenceSetAttribute);
}  // namespace
}  // namespace reprotrain::kernels::cublaslt
#endif

#if __has_include(<cudnn_graph.h>)
#include <cudnn_graph.h>

namespace reprotrain::kernels::cudnn {
namespace {

SAME(kSuccess, CUDNN_STATUS_SUCCESS);
SAME(kBadParameter, CUDNN_STATUS_BAD_PARAM);
SAME(kNotSupported, CUDNN_STATUS_NOT_SUPPORTED);

SAME(kConvolution, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
SAME(kEngine, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
SAME(kEngineConfig, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
SAME(kEngineHeuristics, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
SAME(kExecutionPlan, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
SAME(kKnobChoice, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
SAME(kForwardOperation, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
SAME(kWeightGradientOperation, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR);
SAME(kInputGradientOperation, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
SAME(kOperationGraph, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
SAME(kVariantPack, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
SAME(kTensor, CUDNN_BACKEND_TENSOR_DESCRIPTOR);

SAME(kConvolutionComputeType, CUDNN_ATTR_CONVOLUTION_COMP_TYPE);
SAME(kConvolutionMode, CUDNN_ATTR_CONVOLUTION_CONV_MODE);
SAME(kConvolutionDilations, CUDNN_ATTR_CONVOLUTION_DILATIONS);
SAME(kConvolutionStrides, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
SAME(kConvolutionPaddingAfter, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
SAME(kConvolutionPaddingBefore, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
SAME(kConvolutionDimensions, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS);
SAME(kHeuristicsMode, CUDNN_ATTR_ENGINEHEUR_MODE);
SAME(kHeuristicsGraph, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
SAME(kHeuristicsResults, CUDNN_ATTR_ENGINEHEUR_RESULTS);
SAME(kConfigEngine, CUDNN_ATTR_ENGINECFG_ENGINE);
SAME(kConfigKnobs, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES);
SAME(kPlanConfig, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
SAME(kPlanWorkspaceBytes, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
SAME(kKnobType, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
SAME(kKnobValue, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
SAME(kForwardAlpha, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA);
SAME(kForwardBeta, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA);
SAME(kForwardConvolution, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC);
SAME(kForwardWeight, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W);
SAME(kForwardImages, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
SAME(kForwardOutputs, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y);
SAME(kInputGradientAlpha, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA);
SAME(kInputGradientBeta, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA);
SAME(kInputGradientConvolution, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC);
SAME(kInputGradientWeight, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W);
SAME(kInputGradientImages, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX);
SAME(kInputGradientOutputs, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY);
SAME(kWeightGradientAlpha, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA);
SAME(kWeightGradientBeta, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA);
SAME(kWeightGradientConvolution, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC);
SAME(kWeightGradientWeight, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW);
SAME(kWeightGradientImages, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X);
SAME(kWeightGradientOutputs, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY);
SAME(kGraphOperations, CUDNN_ATTR_OPERATIONGRAPH_OPS);
SAME(kTensorAlignment, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
SAME(kTensorType, CUDNN_ATTR_TENSOR_DATA_TYPE);
SAME(kTensorDimensions, CUDNN_ATTR_TENSOR_DIMENSIONS);
SAME(kTensorStrides, CUDNN_ATTR_TENSOR_STRIDES);
SAME(kTensorId, CUDNN_ATTR_TENSOR_UNIQUE_ID);
SAME(kPackIds, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
SAME(kPackPointers, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
SAME(kPackWorkspace, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
SAME(kEngineGraph, CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
SAME(kEngineIndex, CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
SAME(kEngineNotes, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);

SAME(kHandleValue, CUDNN_TYPE_HANDLE);
SAME(kDataTypeValue, CUDNN_TYPE_DATA_TYPE);
SAME(kInt64Value, CUDNN_TYPE_INT64);
SAME(kFloatValue, CUDNN_TYPE_FLOAT);
SAME(kPointerValue, CUDNN_TYPE_VOID_PTR);
SAME(kConvolutionModeValue, CUDNN_TYPE_CONVOLUTION_MODE);
SAME(kHeuristicsModeValue, CUDNN_TYPE_HEUR_MODE);
SAME(kKnobTypeValue, CUDNN_TYPE_KNOB_TYPE);
SAME(kNoteValue, CUDNN_TYPE_NUMERICAL_NOTE);
SAME(kDescriptorValue, CUDNN_TYPE_BACKEND_DESCRIPTOR);
SAME(kCharValue, CUDNN_TYPE_CHAR);
SAME(kFloat, CUDNN_DATA_FLOAT);
SAME(kBfloat16, CUDNN_DATA_BFLOAT16);
SAME(kCrossCorrelation, CUDNN_CROSS_CORRELATION);
SAME(kPredictFastest, CUDNN_HEUR_MODE_A);
SAME(kFallBack, CUDNN_HEUR_MODE_FALLBACK);
SAME(kNoteTensorCore, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
SAME(kNoteDownConvertsInputs, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
SAME(kNoteReducedPrecisionSums, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
SAME(kNoteFft, CUDNN_NUMERICAL_NOTE_FFT);
SAME(kNoteNondeterministic, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
SAME(kNoteWinograd, CUDNN_NUMERICAL_NOTE_WINOGRAD);
SAME(kCompilesAtRunTime, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION);
SAME(kEngineBehaviour, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE);
SAME(kBehaviourValue, CUDNN_TYPE_BEHAVIOR_NOTE);
static_assert(kMostNotes >= static_cast<int>(CUDNN_NUMERICAL_NOTE_TYPE_COUNT));
static_assert(kMostKnobs >= static_cast<int>(CUDNN_KNOB_TYPE_COUNTS));

// Deprecated names, and those of later versions of the interface, are not asked for.
AGREES(cudnnGetVersion);
AGREES(cudnnGetLastErrorString);
AGREES(cudnnCreate);
AGREES(cudnnDestroy);
AGREES(cudnnSetStream);
AGREES(cudnnBackendCreateDescriptor);
AGREES(cudnnBackendDestroyDescriptor);
AGREES(cudnnBackendFinalize);
AGREES(cudnnBackendSetAttribute);
AGREES(cudnnBackendGetAttribute);
AGREES(cudnnBackendExecute);

}  // namespace
}  // namespace reprotrain::kernels::cudnn
#endif
