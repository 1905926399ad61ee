// SPDX-License-Identifier: Apache-2.0
// Finds and loads the CUDA module beside the program, so that one package serves machines with and
// without a GPU.
#pragma once

#include <string>

#include "engine/device/cuda/cuda_module_table.h"

namespace reprotrain::engine {

/// The module's file beside the program or in ../lib/reprotrain, usable or not; "" where there is none.
std::string cuda_module_file();

/// Whether the module's device is an emulated one, of the tests: then no driver and no library of NVIDIA's
/// matters.
bool cuda_is_emulated();

/// The module's table, or nullptr and in `reason` a sentence: no module beside the program or in
/// ../lib/reprotrain, a library it needs is missing, or it belongs to another build. Loaded once and
/// kept; libraries that its kernels load later are found as vendor_libraries.h says.
const CudaModuleTable* load_cuda_module(std::string& reason);

}  // namespace reprotrain::engine
