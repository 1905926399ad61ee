// SPDX-License-Identifier: Apache-2.0
// The folders in which libraries of NVIDIA's are looked for, on machines with any way of installing
// them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reprotrain::engine {

/// What decides where is searched; tests bring a tree of their own.
struct LibrarySearch {
  std::filesystem::path program_folder;
  std::map<std::string, std::string> variables;  ///< of the environment
  std::filesystem::path system_root = "/";       ///< above usr/
  bool asks_loader = true;                       ///< dlopen by name: LD_LIBRARY_PATH, its cache
  int patience_ms = 20000;                       ///< with a library that does not answer
};

/// The search of this process, in its environment.
LibrarySearch search_of_this_process();

/// The folder of this program's file; empty where /proc does not say.
std::filesystem::path program_folder();

/// Where a package puts libraries: beside the program, and ../lib/reprotrain.
std::vector<std::filesystem::path> folders_of_program(const std::filesystem::path& program_folder);

struct SearchPlace {
  std::string name;              ///< for people: "CUDA_HOME"
  std::filesystem::path folder;  ///< empty: ask the loader by name
};

/// The places in the order of search; those without a * whether they exist or not:
///
///   1. beside the program, ../lib/reprotrain
///   2. CUDA_HOME, then CUDA_PATH: lib64, targets/<machine>-linux/lib, lib
///   3. the loader: LD_LIBRARY_PATH, run paths, its cache
///   4. /usr/local/cuda, then /usr/local/cuda-*, the newest first: as 2
///   5. /usr/lib/<machine>-linux-gnu, /usr/lib64, /usr/lib
///   6. VIRTUAL_ENV, CONDA_PREFIX, ~/.local, /usr/local, /usr:
///      lib/python3*/site-packages/nvidia/*/lib and dist-packages; in CONDA_PREFIX first as 2
std::vector<SearchPlace> search_places(const LibrarySearch& search);

}  // namespace reprotrain::engine
