// SPDX-License-Identifier: Apache-2.0
// The CUDA module, libreprotrain_cuda.so: what the program finds in it when it loads it at run time.
//
// One exported C function returns a table of functions. No exception crosses it: a function that
// can fail writes a sentence. The two sides share C++ types, so a module of another build is
// refused by its build id before anything else is looked at.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/device/compute_device.h"
#include "kernels/base/vendor_library.h"
#include "kernels/conformance/conformance.h"

namespace reprotrain::engine {

struct CudaModuleTable {
  const char* build_id;  ///< kernels_build_id() of the module
  /// Devices there are; 0 with a sentence in `error` where there is no driver, -1 with one where CUDA is
  /// there and does not work.
  int (*count_devices)(std::string& error);
  /// Appends the verdicts of run_conformance on device `index`. False, with a sentence in `error`,
  /// where the device cannot be used.
  bool (*run_conformance)(int index, std::vector<kernels::OperatorVerdict>& verdicts,
                          std::string& error);
  /// Device `index` for a run, which uses at most `most_bytes` of its memory, 0: no limit, and, unless
  /// `library` is nullptr, products of its libraries. Nothing, with a sentence in `error`, where it
  /// cannot be used.
  std::unique_ptr<ComputeDevice> (*open_device)(int index, int64_t most_bytes,
                                                const LibraryRequest* library,
                                                const kernels::Parallel& threads,
                                                std::string& error);
  /// The CUDA runtime that is linked in: 13000 for 13.0. Its major version is that of the driver and of
  /// the libraries that fit.
  int cuda_version;
  /// The GPUs that it holds code for (cuda_architectures.h).
  const char* architectures;
  /// Who finds the libraries that kernels load (kernels/base/vendor_library.h).
  void (*set_library_finder)(kernels::LibraryFinder finder);
};

inline constexpr const char* kCudaModuleFunction = "reprotrain_cuda_module";
using CudaModuleFunction = const CudaModuleTable* (*)();

}  // namespace reprotrain::engine
