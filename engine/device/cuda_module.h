// SPDX-License-Identifier: Apache-2.0
// Finds and loads the CUDA module beside the program, so that one package serves machines with and
// without a GPU.
#pragma once

#include <string>

#include "engine/device/cuda/cuda_module_table.h"

namespace reprotrain::engine {

/// The module's table, or nullptr and in `reason` a sentence: no module beside the program or in
/// ../lib/reprotrain, a library it needs is missing, or it belongs to another build. Loaded once and
/// kept.
const CudaModuleTable* load_cuda_module(std::string& reason);

}  // namespace reprotrain::engine
