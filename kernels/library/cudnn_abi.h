// SPDX-License-Identifier: Apache-2.0
// What we use of cuDNN's graph interface, in our own words: so that the program is built, and its calls
// are tested, where the library's header is not installed.
//
// Numbers are facts of the library's version 9; abi_check.cpp compares each with the header where
// there is one.
// See also: cudnn.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace reprotrain::kernels::cudnn {

using Status = int;
inline constexpr Status kSuccess = 0;
inline constexpr Status kBadParameter = 2000;
inline constexpr Status kNotSupported = 3000;  ///< and up to 3999
inline constexpr Status kDriverDoesNotFit = 3005;
inline constexpr Status kRuntimeDoesNotFit = 3006;
inline constexpr Status kPrerequisiteIsMissing = 3008;
inline constexpr Status kPartIsMissing = 3009;

using Handle = struct Context*;
using RawDescriptor = void*;

// cudnnBackendDescriptorType_t
enum DescriptorType : int {
  kConvolution = 1,
  kEngine = 2,
  kEngineConfig = 3,
  kEngineHeuristics = 4,
  kExecutionPlan = 5,
  kKnobChoice = 7,
  kForwardOperation = 10,
  kWeightGradientOperation = 11,
  kInputGradientOperation = 12,
  kOperationGraph = 15,
  kVariantPack = 16,
  kTensor = 17,
  kDeviceProperties = 38,
};

// cudnnBackendAttributeName_t
enum Attribute : int {
  kConvolutionComputeType = 100,
  kConvolutionMode = 101,
  kConvolutionDilations = 102,
  kConvolutionStrides = 103,
  kConvolutionPaddingAfter = 104,
  kConvolutionPaddingBefore = 105,
  kConvolutionDimensions = 106,
  kHeuristicsMode = 200,
  kHeuristicsGraph = 201,
  kHeuristicsResults = 202,
  kHeuristicsDevice = 204,
  kConfigEngine = 300,
  kConfigKnobs = 302,
  kPlanHandle = 400,
  kPlanConfig = 401,
  kPlanWorkspaceBytes = 402,
  kPlanDevice = 407,
  kKnobType = 600,
  kKnobValue = 601,
  kForwardAlpha = 700,
  kForwardBeta = 701,
  kForwardConvolution = 702,
  kForwardWeight = 703,
  kForwardImages = 704,
  kForwardOutputs = 705,
  kInputGradientAlpha = 706,
  kInputGradientBeta = 707,
  kInputGradientConvolution = 708,
  kInputGradientWeight = 709,
  kInputGradientImages = 710,
  kInputGradientOutputs = 711,
  kWeightGradientAlpha = 712,
  kWeightGradientBeta = 713,
  kWeightGradientConvolution = 714,
  kWeightGradientWeight = 715,
  kWeightGradientImages = 716,
  kWeightGradientOutputs = 717,
  kGraphHandle = 800,
  kGraphOperations = 801,
  kTensorAlignment = 900,
  kTensorType = 901,
  kTensorDimensions = 902,
  kTensorStrides = 903,
  kTensorId = 906,
  kPackIds = 1000,
  kPackPointers = 1001,
  kPackWorkspace = 1003,
  kEngineGraph = 1300,
  kEngineIndex = 1301,
  kEngineNotes = 1303,
  kEngineBehaviour = 1305,
  kEngineDevice = 1307,
  kDeviceDescription = 2702,
};

// cudnnBackendAttributeType_t
enum ValueType : int {
  kHandleValue = 0,
  kDataTypeValue = 1,
  kInt64Value = 3,
  kFloatValue = 4,
  kPointerValue = 6,
  kConvolutionModeValue = 7,
  kHeuristicsModeValue = 8,
  kKnobTypeValue = 9,
  kNoteValue = 11,
  kDescriptorValue = 15,
  kBehaviourValue = 19,
  kCharValue = 24,
};

// cudnnDataType_t, cudnnConvolutionMode_t, cudnnBackendHeurMode_t
inline constexpr int kFloat = 0;
inline constexpr int kBfloat16 = 9;
inline constexpr int kCrossCorrelation = 1;
inline constexpr int kPredictFastest = 3;  ///< CUDNN_HEUR_MODE_A
inline constexpr int kFallBack = 2;        ///< slower engines that fit more problems

// cudnnBackendNumericalNote_t: what an engine says of its arithmetic
inline constexpr int kNoteTensorCore = 0;
inline constexpr int kNoteDownConvertsInputs = 1;
inline constexpr int kNoteReducedPrecisionSums = 2;
inline constexpr int kNoteFft = 3;
inline constexpr int kNoteNondeterministic = 4;
inline constexpr int kNoteWinograd = 5;
// cudnnBackendBehaviorNote_t: what it does besides
inline constexpr int kCompilesAtRunTime = 0;
inline constexpr int kAsksCublasLt = 4;
inline constexpr int kMostNotes = 32;
inline constexpr int kMostKnobs = 64;

/// The functions, by the names that the library exports.
struct Functions {
  size_t (*cudnnGetVersion)();
  void (*cudnnGetLastErrorString)(char* message, size_t room);
  Status (*cudnnCreate)(Handle*);
  Status (*cudnnDestroy)(Handle);
  Status (*cudnnSetStream)(Handle, cudaStream_t);
  Status (*cudnnBackendCreateDescriptor)(int type, RawDescriptor*);
  Status (*cudnnBackendDestroyDescriptor)(RawDescriptor);
  Status (*cudnnBackendFinalize)(RawDescriptor);
  Status (*cudnnBackendSetAttribute)(RawDescriptor, int attribute, int type, int64_t n,
                                     const void* values);
  Status (*cudnnBackendGetAttribute)(RawDescriptor, int attribute, int type, int64_t n_wanted,
                                     int64_t* n, void* values);
  Status (*cudnnBackendExecute)(Handle, RawDescriptor plan, RawDescriptor pack);
};

}  // namespace reprotrain::kernels::cudnn
