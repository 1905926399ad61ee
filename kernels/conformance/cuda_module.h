// SPDX-License-Identifier: Apache-2.0
// The CUDA module, libreprotrain_cuda.so: what the program finds in it when it loads it at run time.
//
// One exported C function returns a table of functions. No exception crosses it: a function that
// can fail writes a sentence. The two sides share C++ types, so a module of another build is
// refused by its build id before anything else is looked at.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/base/vendor_library.h"
#include "kernels/conformance/conformance.h"

namespace reprotrain::kernels {

struct CudaModuleTable {
  /// SHA-256 over the version of the project, the C++ compiler and its version, the build type and
  /// its flags, where CUDA kernels are built the version of nvcc, its architectures and flags, and
  /// the contents of kernels/, include/reprotrain/arithmetic_ids.h and the golden files. Not
  /// covered: the standard library, and a C++ compiler of the same version that was built otherwise.
  const char* build_id;
  /// Devices that can be used; -1 with a sentence in `error` where CUDA itself does not work.
  int (*count_devices)(std::string& error);
  /// Appends the verdicts of run_conformance on device `index`. False, with a sentence in `error`,
  /// where the device cannot be used.
  bool (*run_conformance)(int index, std::vector<OperatorVerdict>& verdicts, std::string& error);
  /// The CUDA runtime that is linked in: 13000 for 13.0. Its major version is that of the driver and of
  /// the libraries that fit.
  int cuda_version;
  /// Who finds the libraries that kernels load (kernels/base/vendor_library.h).
  void (*set_library_finder)(LibraryFinder finder);
};

inline constexpr const char* kCudaModuleFunction = "reprotrain_cuda_module";
using CudaModuleFunction = const CudaModuleTable* (*)();

/// The build id of this side.
const char* kernels_build_id();

}  // namespace reprotrain::kernels
