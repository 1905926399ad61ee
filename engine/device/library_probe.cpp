// SPDX-License-Identifier: Apache-2.0
#include "engine/device/library_probe.h"

#include <dlfcn.h>
#include <link.h>

#include <climits>
#include <cstdio>
#include <string_view>

#include "engine/device/child_answer.h"

namespace reprotrain::engine {

namespace {

/// What comes back from the child.
struct RawAnswer {
  bool is_loaded;
  int status;  ///< of the function that tells the version; -1: there is none
  int numbers[3];
  char path[PATH_MAX];
  char error[1024];
};

void ask_properties(void* function, RawAnswer& answer) {
  const auto property = reinterpret_cast<int (*)(int, int*)>(function);
  answer.status = 0;
  for (int which = 0; which < 3 && answer.status == 0; ++which) {
    answer.status = property(which, &answer.numbers[which]);
  }
}

void ask_cuda_version(void* function, RawAnswer& answer) {
  int version = 0;
  answer.status = reinterpret_cast<int (*)(int*)>(function)(&version);
  answer.numbers[0] = version / 1000;
  answer.numbers[1] = version % 1000 / 10;
}

void load_and_ask(const LibraryQuestion& question, RawAnswer& answer) {
  void* library = ::dlopen(question.file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::snprintf(answer.error, sizeof answer.error, "%s", ::dlerror());
    return;
  }
  answer.is_loaded = true;
  link_map* map = nullptr;
  if (::dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) {
    std::snprintf(answer.path, sizeof answer.path, "%s", map->l_name);
  }
  void* function = ::dlsym(library, question.function);
  if (function == nullptr) {
    answer.status = -1;
  } else if (question.kind == VersionFunction::kProperty) {
    ask_properties(function, answer);
  } else {
    ask_cuda_version(function, answer);
  }
}

/// Whether the loader says that it has no such file, rather than that something in it is wrong.
bool says_absent(std::string_view error, const std::string& file) {
  return error.rfind(file + ": cannot open shared object file: No such file", 0) == 0;
}

}  // namespace

std::string LibraryVersion::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

LibraryAnswer ask_library(const LibraryQuestion& question) {
  RawAnswer raw{};
  const std::string failure = ask_in_child<RawAnswer>(
      question.patience_ms, raw, [&](RawAnswer& filled) { load_and_ask(question, filled); });
  LibraryAnswer answer;
  if (!failure.empty()) {
    answer.reason = "is not usable: a process that loaded it " + failure;
  } else if (!raw.is_loaded) {
    answer.is_there = !says_absent(raw.error, question.file);
    answer.reason = std::string("cannot be loaded: ") + raw.error;
  } else if (raw.status < 0) {
    answer.reason = std::string("has no function ") + question.function;
  } else if (raw.status > 0) {
    answer.reason = std::string("does not tell its version: ") + question.function + " gives " +
                    std::to_string(raw.status) + ", as stubs do";
  }
  answer.path = raw.path;
  answer.version = {raw.numbers[0], raw.numbers[1], raw.numbers[2]};
  return answer;
}

}  // namespace reprotrain::engine
