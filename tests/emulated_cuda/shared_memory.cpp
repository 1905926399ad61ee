// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/shared_memory.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tests/emulated_cuda/device_memory.h"

namespace reprotrain::emulated_cuda {
namespace {

constexpr size_t kDynamicAlignment = 16;

struct ModuleSearch {
  uintptr_t kernel;
  StaticShared found;
};

bool holds(const dl_phdr_info& module, uintptr_t address) {
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module.dlpi_phdr[i];
    const uintptr_t begin = module.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= begin && address < begin + segment.p_memsz) {
      return true;
    }
  }
  return false;
}

int visit_module(dl_phdr_info* module, size_t /*size*/, void* data) {
  auto& search = *static_cast<ModuleSearch*>(data);
  if (!holds(*module, search.kernel)) return 0;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_TLS || module->dlpi_tls_data == nullptr) continue;
    search.found = {static_cast<std::byte*>(module->dlpi_tls_data), segment.p_memsz};
  }
  return 1;
}

}  // namespace

StaticShared StaticShared::of_module_with(const void* kernel) {
  ModuleSearch search{reinterpret_cast<uintptr_t>(kernel), {}};
  dl_iterate_phdr(visit_module, &search);
  return search.found;
}

SharedMemory::SharedMemory(StaticShared place, size_t dynamic_bytes, uint32_t poison_word)
    : place_(place), poison_word_(poison_word) {
  poison(poison_.data(), poison_.size(), poison_word);
  if (dynamic_bytes == 0) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = (dynamic_bytes + page - 1) / page * page;
  mapping_bytes_ = inner + page;
  void* mapped =
      mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(mapped);
  mprotect(mapping_ + inner, page, PROT_NONE);
  dynamic_ = mapping_ + (inner - dynamic_bytes) / kDynamicAlignment * kDynamicAlignment;
  poison(mapping_, inner, poison_word);
}

SharedMemory::~SharedMemory() {
  if (mapping_ != nullptr) munmap(mapping_, mapping_bytes_);
}

template <typename Use>
void SharedMemory::for_each_written_piece(const Use& use) const {
  for (size_t offset = 0; offset < place_.n_bytes; offset += poison_.size()) {
    const size_t n = std::min(poison_.size(), place_.n_bytes - offset);
    if (memcmp(place_.begin + offset, poison_.data(), n) != 0) use(offset, n);
  }
}

void SharedMemory::put_in_place() {
  const std::byte* from = aside_.data();
  for (const Piece& piece : pieces_aside_) {
    memcpy(place_.begin + piece.offset, from, piece.n_bytes);
    from += piece.n_bytes;
  }
}

void SharedMemory::keep_aside() {
  aside_.clear();
  pieces_aside_.clear();
  for_each_written_piece([&](size_t offset, size_t n) {
    const std::byte* begin = place_.begin + offset;
    aside_.insert(aside_.end(), begin, begin + n);
    pieces_aside_.push_back({offset, n});
  });
  clear_place();
}

void SharedMemory::clear_place() const {
  for_each_written_piece(
      [&](size_t offset, size_t n) { poison(place_.begin + offset, n, poison_word_); });
}

bool SharedMemory::is_dynamic_guard(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return byte >= dynamic_ && byte < mapping_ + mapping_bytes_;
}

}  // namespace reprotrain::emulated_cuda
