// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda_module.h"

#include <dlfcn.h>
#include <elf.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "engine/device/library_search.h"
#include "engine/device/vendor_libraries.h"
#include "kernels/conformance/build_id.h"

namespace reprotrain::engine {
namespace {

constexpr const char* kFileName = "libreprotrain_cuda.so";

/// Where the module is, or an empty path.
std::filesystem::path find_module() {
  std::error_code error;
  for (const std::filesystem::path& place : folders_of_program(program_folder())) {
    if (std::filesystem::exists(place / kFileName, error)) return place / kFileName;
  }
  return {};
}

/// Whether a library ends before its table of sections does, which stands last: dlopen does not look,
/// and the process dies of a bus error.
bool is_cut_off(const std::filesystem::path& path) {
  Elf64_Ehdr header{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return true;
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return std::string_view(reinterpret_cast<const char*>(header.e_ident), SELFMAG) == ELFMAG &&
         (error || size < header.e_shoff ||
          size - header.e_shoff < std::uintmax_t{header.e_shnum} * header.e_shentsize);
}

/// What the module calls when a kernel needs a library of NVIDIA's. No exception may cross to it.
kernels::LibraryPlace find_for_module(const char* stem, int major) {
  try {
    const VendorLibraryReport report =
        find_vendor_library(vendor_library_called(stem), {major, 0}, search_of_this_process());
    return {report.path, report.reason};
  } catch (const std::exception& failure) {
    return {{}, failure.what()};
  }
}

struct LoadedModule {
  const CudaModuleTable* table = nullptr;
  std::string reason;
};

LoadedModule load(const std::filesystem::path& path) {
  if (path.empty()) {
    return {nullptr, std::string("no ") + kFileName +
                         " beside the program or in ../lib/reprotrain; builds with "
                         "-DREPROTRAIN_CUDA=ON have one"};
  }
  if (is_cut_off(path)) return {nullptr, path.string() + " is damaged; install it again"};
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {nullptr, std::string("the module cannot be loaded: ") + dlerror()};
  }
  const auto function = reinterpret_cast<CudaModuleFunction>(dlsym(library, kCudaModuleFunction));
  if (function == nullptr) return {nullptr, path.string() + " is no module of reprotrain"};
  const CudaModuleTable* table = function();
  if (std::string_view(table->build_id) != kernels::kernels_build_id()) {
    return {nullptr, path.string() + " belongs to another build of reprotrain; install both again"};
  }
  table->set_library_finder(find_for_module);
  return {table, {}};
}

}  // namespace

std::string cuda_module_file() { return find_module().string(); }

bool cuda_is_emulated() { return false; }

const CudaModuleTable* load_cuda_module(std::string& reason) {
  static const LoadedModule module = load(find_module());
  reason = module.reason;
  return module.table;
}

}  // namespace reprotrain::engine
