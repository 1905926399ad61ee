// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/kernel_name.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace reprotrain::emulated_cuda {
namespace {

using Image = std::vector<char>;

template <typename T>
T value_at(const Image& image, size_t offset) {
  T value{};
  if (offset + sizeof value <= image.size()) memcpy(&value, image.data() + offset, sizeof value);
  return value;
}

std::string demangled(const char* symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  std::string name = status == 0 ? text : symbol;
  free(text);
  return name;
}

/// The symbol in `table` whose value is `address`.
std::string symbol_in(const Image& image, const ElfW(Shdr) & table, const ElfW(Shdr) & strings,
                      uintptr_t address) {
  for (size_t i = 0; i < table.sh_size / sizeof(ElfW(Sym)); ++i) {
    const auto symbol = value_at<ElfW(Sym)>(image, table.sh_offset + i * sizeof(ElfW(Sym)));
    const size_t name = strings.sh_offset + symbol.st_name;
    if (symbol.st_value == address && (symbol.st_info & 0xf) == STT_FUNC && name < image.size()) {
      return demangled(image.data() + name);
    }
  }
  return "";
}

}  // namespace

std::string kernel_name(const void* function) {
  Dl_info info{};
  if (dladdr(function, &info) == 0) return "a kernel";
  std::ifstream file(info.dli_fname, std::ios::binary);
  const Image image{std::istreambuf_iterator<char>(file), {}};
  const auto header = value_at<ElfW(Ehdr)>(image, 0);
  const auto base = reinterpret_cast<uintptr_t>(info.dli_fbase);
  const auto address =
      reinterpret_cast<uintptr_t>(function) - (header.e_type == ET_DYN ? base : uintptr_t{0});
  const auto section = [&](size_t index) {
    return value_at<ElfW(Shdr)>(image, header.e_shoff + index * sizeof(ElfW(Shdr)));
  };
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const auto table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const std::string name = symbol_in(image, table, section(table.sh_link), address);
    if (!name.empty()) return name;
  }
  return "a kernel";
}

}  // namespace reprotrain::emulated_cuda
