// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda_module.h"

#include <dlfcn.h>
#include <elf.h>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "kernels/conformance/build_id.h"

namespace reprotrain::engine {
namespace {

constexpr const char* kFileName = "libreprotrain_cuda.so";

/// Where the module is, or an empty path.
std::filesystem::path find_module() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const auto folder = program.parent_path();
  for (const auto& place : {folder, folder.parent_path() / "lib" / "reprotrain"}) {
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

struct LoadedModule {
  const CudaModuleTable* table = nullptr;
  std::string reason;
};

LoadedModule load() {
  const std::filesystem::path path = find_module();
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
  return {table, {}};
}

}  // namespace

const CudaModuleTable* load_cuda_module(std::string& reason) {
  static const LoadedModule module = load();
  reason = module.reason;
  return module.table;
}

}  // namespace reprotrain::engine
