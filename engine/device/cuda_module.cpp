// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda_module.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

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

/// Whether the file is as long as its program headers say. The loader maps a shorter one all the same
/// and the process dies of a bus error.
bool is_whole(const std::filesystem::path& path) {
  std::error_code error;
  const uint64_t size_bytes = std::filesystem::file_size(path, error);
  if (error) return false;
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return false;
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) part{};
    if (!file.read(reinterpret_cast<char*>(&part), sizeof part)) return false;
    if (part.p_offset > size_bytes || part.p_filesz > size_bytes - part.p_offset) return false;
  }
  return true;
}

struct LoadedModule {
  const kernels::CudaModuleTable* table = nullptr;
  std::string reason;
};

LoadedModule load() {
  const std::filesystem::path path = find_module();
  if (path.empty()) {
    return {nullptr, std::string("no ") + kFileName +
                         " beside the program or in ../lib/reprotrain; builds with "
                         "-DREPROTRAIN_CUDA=ON have one"};
  }
  if (!is_whole(path)) return {nullptr, path.string() + " is damaged; install it again"};
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {nullptr, std::string("the module cannot be loaded: ") + dlerror()};
  }
  const auto function =
      reinterpret_cast<kernels::CudaModuleFunction>(dlsym(library, kernels::kCudaModuleFunction));
  if (function == nullptr) return {nullptr, path.string() + " is no module of reprotrain"};
  const kernels::CudaModuleTable* table = function();
  if (std::string_view(table->build_id) != kernels::kernels_build_id()) {
    return {nullptr, path.string() + " belongs to another build of reprotrain; install both again"};
  }
  return {table, {}};
}

}  // namespace

const kernels::CudaModuleTable* load_cuda_module(std::string& reason) {
  static const LoadedModule module = load();
  reason = module.reason;
  return module.table;
}

}  // namespace reprotrain::engine
