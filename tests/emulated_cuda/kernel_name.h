// SPDX-License-Identifier: Apache-2.0
// Names of functions by their addresses, from the symbol table of the running program.
#pragma once

#include <string>

namespace reprotrain::emulated_cuda {

/// The demangled name, or "a kernel" where the program has no symbol table.
std::string kernel_name(const void* function);

}  // namespace reprotrain::emulated_cuda
