// SPDX-License-Identifier: Apache-2.0
#include "engine/device/library_search.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <system_error>

extern char** environ;

namespace reprotrain::engine {

namespace {

namespace fs = std::filesystem;
using Folders = std::vector<fs::path>;

#if defined(__aarch64__)
constexpr const char* kTargets[] = {"sbsa-linux", "aarch64-linux"};
constexpr const char* kTriplet = "aarch64-linux-gnu";
#else
constexpr const char* kTargets[] = {"x86_64-linux"};
constexpr const char* kTriplet = "x86_64-linux-gnu";
#endif

/// The numbers in a name, by which cuda-13.0 comes after cuda-9.2.
std::vector<int> numbers_in(const std::string& name) {
  std::vector<int> numbers;
  bool in_number = false;
  for (const char c : name) {
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit && !in_number) numbers.push_back(0);
    if (is_digit && numbers.back() < 100000) numbers.back() = numbers.back() * 10 + (c - '0');
    in_number = is_digit;
  }
  return numbers;
}

bool is_newer(const fs::path& a, const fs::path& b) {
  const std::string left = a.filename().string(), right = b.filename().string();
  const std::vector<int> of_left = numbers_in(left), of_right = numbers_in(right);
  return of_left != of_right ? of_left > of_right : left < right;
}

/// The entries of a folder whose names begin with `start`, the highest version first.
Folders entries(const fs::path& folder, std::string_view start) {
  Folders found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().rfind(start, 0) == 0) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end(), is_newer);
  return found;
}

void add_toolkit(const fs::path& root, const std::string& name, std::vector<SearchPlace>& places) {
  places.push_back({name, root / "lib64"});
  for (const char* target : kTargets) places.push_back({name, root / "targets" / target / "lib"});
  places.push_back({name, root / "lib"});
}

/// NVIDIA's packages for Python, under the root of an installation.
void add_python(const fs::path& root, const std::string& name, std::vector<SearchPlace>& places) {
  for (const fs::path& python : entries(root / "lib", "python3")) {
    for (const char* packages : {"site-packages", "dist-packages"}) {
      for (const fs::path& part : entries(python / packages / "nvidia", "")) {
        places.push_back({name, part / "lib"});
      }
    }
  }
}

}  // namespace

LibrarySearch search_of_this_process() {
  LibrarySearch search;
  search.program_folder = program_folder();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t end = text.find('=');
    if (end == std::string_view::npos) continue;
    search.variables.emplace(text.substr(0, end), text.substr(end + 1));
  }
  return search;
}

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

Folders folders_of_program(const fs::path& program_folder) {
  if (program_folder.empty()) return {};
  return {program_folder, program_folder.parent_path() / "lib" / "reprotrain"};
}

std::vector<SearchPlace> search_places(const LibrarySearch& search) {
  const auto variable = [&](const char* name) {
    const auto found = search.variables.find(name);
    return found == search.variables.end() ? std::string() : found->second;
  };
  std::vector<SearchPlace> places;
  for (const fs::path& folder : folders_of_program(search.program_folder)) {
    places.push_back({"package", folder});
  }
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const std::string root = variable(name); !root.empty()) add_toolkit(root, name, places);
  }
  if (search.asks_loader) places.push_back({"loader", {}});
  const fs::path usr = search.system_root / "usr";
  add_toolkit(usr / "local" / "cuda", "toolkit", places);
  for (const fs::path& root : entries(usr / "local", "cuda-")) add_toolkit(root, "toolkit", places);
  for (const fs::path& folder : {usr / "lib" / kTriplet, usr / "lib64", usr / "lib"}) {
    places.push_back({"system", folder});
  }
  if (const std::string root = variable("VIRTUAL_ENV"); !root.empty()) {
    add_python(root, "VIRTUAL_ENV", places);
  }
  if (const std::string root = variable("CONDA_PREFIX"); !root.empty()) {
    add_toolkit(root, "CONDA_PREFIX", places);
    add_python(root, "CONDA_PREFIX", places);
  }
  if (const std::string home = variable("HOME"); !home.empty()) {
    add_python(fs::path(home) / ".local", "Python", places);
  }
  for (const fs::path& root : {usr / "local", usr}) add_python(root, "Python", places);
  return places;
}

}  // namespace reprotrain::engine
