// SPDX-License-Identifier: Apache-2.0
#include "kernels/base/vendor_library.h"

#include <dlfcn.h>

#include <atomic>
#include <stdexcept>

namespace reprotrain::kernels {

namespace {

std::atomic<LibraryFinder> current_finder{nullptr};

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
  throw std::runtime_error(name + " cannot be loaded: " + reason +
                           "; add its folder to LD_LIBRARY_PATH, or use the kernel without it");
}

}  // namespace

void set_library_finder(LibraryFinder finder) { current_finder = finder; }

void* open_vendor_library(const char* stem, int major) {
  const std::string name = std::string(stem) + ".so." + std::to_string(major);
  std::string file = name;
  if (const LibraryFinder finder = current_finder) {
    const LibraryPlace place = finder(stem, major);
    if (place.path.empty()) refuse(name, place.reason);
    file = place.path;
  }
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse(name, dlerror());
  return library;
}

}  // namespace reprotrain::kernels
