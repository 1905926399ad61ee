// SPDX-License-Identifier: Apache-2.0
// Tells whether a program and a module that it loads come from one build.
#pragma once

namespace reprotrain::kernels {

/// SHA-256 over the version of the project, the C++ compiler and its version, the build type and its
/// flags, where CUDA kernels are built the version of nvcc, its architectures and flags, and the
/// contents of kernels/, engine/device/, include/reprotrain/ and the golden files. Not covered: the
/// standard library, and a C++ compiler of the same version that was built otherwise.
const char* kernels_build_id();

}  // namespace reprotrain::kernels
