// SPDX-License-Identifier: Apache-2.0
// A machine of a test's own: a tree with libraries that fake_library.cpp was compiled to.
#pragma once

#include <filesystem>
#include <string>

#include "engine/device/library_search.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::testing {

class FakeMachine {
 public:
  /// The search sees nothing but this tree: no variables, no loader.
  engine::LibrarySearch search() const {
    engine::LibrarySearch search;
    search.program_folder = path("package/bin");
    search.system_root = path("");
    search.asks_loader = false;
    search.patience_ms = 5000;
    return search;
  }

  std::string path(const std::string& file) const { return folder_.file(file); }

  /// The file of a fake: "cuda13", "cuda12", "cudnn9", "cudnn8", "crashing", "ending", "hanging", "empty".
  static std::string fake(const std::string& name) {
    return std::string(REPROTRAIN_FAKE_LIBRARIES) + "/libfake_" + name + ".so";
  }

  /// Copies a fake to a file of the tree and returns its path.
  std::string install(const std::string& name, const std::string& file) const {
    std::filesystem::create_directories(std::filesystem::path(path(file)).parent_path());
    std::filesystem::copy_file(fake(name), path(file));
    return path(file);
  }

 private:
  TemporaryDirectory folder_;
};

}  // namespace reprotrain::testing
