// SPDX-License-Identifier: Apache-2.0
// Looking up functions of a library that was loaded at run time.
#pragma once

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace reprotrain::kernels {

/// Sets `function` to the one of that name. Throws std::runtime_error, with a sentence, where there is
/// none.
template <typename Function>
void find_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    throw std::runtime_error(std::string("the library has no function ") + name +
                             "; install a newer version of it");
  }
}

}  // namespace reprotrain::kernels
