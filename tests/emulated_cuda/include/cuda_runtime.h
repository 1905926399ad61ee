// SPDX-License-Identifier: Apache-2.0
// Stands in for CUDA's header of this name where kernels are run without a GPU.
#pragma once

#include "tests/emulated_cuda/atomics.h"
#include "tests/emulated_cuda/bit_functions.h"
#include "tests/emulated_cuda/device_language.h"
#include "tests/emulated_cuda/launch.h"
#include "tests/emulated_cuda/runtime_api.h"
#include "tests/emulated_cuda/vector_types.h"
#include "tests/emulated_cuda/warp_functions.h"
