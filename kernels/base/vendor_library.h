// SPDX-License-Identifier: Apache-2.0
// Libraries of NVIDIA's that a kernel loads when it needs them. Where they are is not for kernels to
// find out: whoever loads the kernels brings a finder, and without one the loader's own search holds.
#pragma once

#include <string>

namespace reprotrain::kernels {

/// Where a library is, or why there is none.
struct LibraryPlace {
  std::string path;    ///< empty where there is none
  std::string reason;  ///< then a sentence without its full stop
};

/// Finds version `major` of the library whose file name begins with `stem` ("libcublasLt"). Throws
/// nothing.
using LibraryFinder = LibraryPlace (*)(const char* stem, int major);

/// From now on `finder` is asked; nullptr leaves it to the loader. Any thread may call.
void set_library_finder(LibraryFinder finder);

/// A handle for dlsym of version `major` of a library, which stays loaded. Throws std::runtime_error,
/// with a sentence, where it cannot be had.
void* open_vendor_library(const char* stem, int major);

}  // namespace reprotrain::kernels
