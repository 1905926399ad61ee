// SPDX-License-Identifier: Apache-2.0
#include "engine/device/vendor_libraries.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>

namespace reprotrain::engine {

namespace {

namespace fs = std::filesystem;

constexpr int kToolkitMajors[] = {13, 12, 11};
constexpr int kCudnnMajors[] = {9, 8};
constexpr int kDriverMajors[] = {1};

constexpr VendorLibrary kLibraries[] = {
    {"cuBLASLt", "libcublasLt", "cublasLtGetProperty", VersionFunction::kProperty, kToolkitMajors,
     false},
    {"cuBLAS", "libcublas", "cublasGetProperty", VersionFunction::kProperty, kToolkitMajors, false},
    {"cuDNN", "libcudnn", "cudnnGetProperty", VersionFunction::kProperty, kCudnnMajors, false},
};
constexpr VendorLibrary kDriver = {"NVIDIA driver",      "libcuda",
                                   "cuDriverGetVersion", VersionFunction::kCudaVersion,
                                   kDriverMajors,        true};

/// Its graph interface; older ones choose kernels in another way.
constexpr LibraryRequirement kCudnn{9, 0};

/// A file name with a version, or one for the loader.
struct Candidate {
  std::string file;
  int major;
};

/// N of "<stem>.so.N"; nothing for other names, whose version has several numbers or none.
std::optional<int> major_in(const std::string& file_name, std::string_view stem) {
  const std::string start = std::string(stem) + ".so.";
  if (file_name.rfind(start, 0) != 0) return {};
  const char* first = file_name.data() + start.size();
  const char* last = file_name.data() + file_name.size();
  int major = 0;
  const auto [end, error] = std::from_chars(first, last, major);
  if (error != std::errc() || end != last) return {};
  return major;
}

std::vector<Candidate> candidates_in(const fs::path& folder, const VendorLibrary& library) {
  std::vector<Candidate> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto major = major_in(it->path().filename().string(), library.stem);
    if (major) found.push_back({it->path().string(), *major});
  }
  std::sort(found.begin(), found.end(),
            [](const Candidate& a, const Candidate& b) { return a.major > b.major; });
  return found;
}

std::vector<Candidate> candidates_of_loader(const VendorLibrary& library, int major) {
  std::vector<Candidate> names;
  const auto add = [&](int number) {
    names.push_back({std::string(library.stem) + ".so." + std::to_string(number), number});
  };
  for (const int known : library.majors) add(known);
  const bool is_known =
      std::find(library.majors.begin(), library.majors.end(), major) != library.majors.end();
  if (major > 0 && !is_known && !library.is_driver) add(major);
  return names;
}

/// Why a version will not do, after "it ..."; "" where it will.
std::string misfit(const VendorLibrary& library, const LibraryVersion& version,
                   const LibraryRequirement& requirement) {
  const std::string wanted = std::to_string(requirement.major);
  if (requirement.major == 0) return "";
  if (library.is_driver) {
    if (version.major >= requirement.major) return "";
    return "is too old: it serves CUDA up to " + std::to_string(version.major) + "." +
           std::to_string(version.minor) + ", and the CUDA module needs " + wanted +
           "; install a newer NVIDIA driver";
  }
  if (version.major != requirement.major) {
    return "is version " + version.text() + ", of another major version than " + wanted +
           ", which the CUDA module is built for";
  }
  if (version.minor < requirement.minor) {
    return "is version " + version.text() + ", too old: " + wanted + "." +
           std::to_string(requirement.minor) + " or later is needed";
  }
  return "";
}

/// One search; remembers which files it has looked at, since many names lead to one.
class Search {
 public:
  Search(const VendorLibrary& library, const LibraryRequirement& requirement,
         const LibrarySearch& search)
      : library_(library), requirement_(requirement), search_(search) {
    report_.name = library.name;
  }

  VendorLibraryReport run() {
    // A driver's file name has no version of CUDA in it.
    const bool is_any = requirement_.major == 0 || library_.is_driver;
    const auto is_wanted = [&](int major) { return is_any || major == requirement_.major; };
    if (try_all(is_wanted)) return report_;
    // The others will not do, but tell why there is none.
    if (!is_any) try_all([&](int major) { return !is_wanted(major); });
    explain(is_any ? library_.majors.front() : requirement_.major);
    return report_;
  }

 private:
  template <typename IsWanted>
  bool try_all(const IsWanted& is_wanted) {
    for (const SearchPlace& place : search_places(search_)) {
      if (library_.is_driver && !place.folder.empty()) continue;
      for (const Candidate& candidate : candidates_at(place)) {
        if (is_wanted(candidate.major) && will_do(candidate, place)) return true;
      }
    }
    return false;
  }

  std::vector<Candidate> candidates_at(const SearchPlace& place) const {
    return place.folder.empty() ? candidates_of_loader(library_, requirement_.major)
                                : candidates_in(place.folder, library_);
  }

  bool will_do(const Candidate& candidate, const SearchPlace& place) {
    if (!place.folder.empty() && !is_new(candidate.file)) return false;
    const LibraryAnswer answer = ask_library(
        {candidate.file, library_.version_function, library_.version_kind, search_.patience_ms});
    if (!answer.is_there) return false;
    if (place.folder.empty() && !answer.path.empty() && !is_new(answer.path)) return false;
    const std::string reason =
        answer.reason.empty() ? misfit(library_, answer.version, requirement_) : answer.reason;
    const std::string path = answer.path.empty() ? candidate.file : answer.path;
    if (!reason.empty()) {
      report_.passed_over.push_back({path, reason});
      return false;
    }
    report_.path = path;
    report_.place = place.name;
    report_.version = answer.version;
    return true;
  }

  bool is_new(const std::string& file) {
    std::error_code error;
    const fs::path canonical = fs::canonical(file, error);
    return seen_.insert(error ? file : canonical.string()).second;
  }

  void explain(int major) {
    const std::string name = std::string(library_.stem) + ".so." + std::to_string(major);
    if (report_.passed_over.empty()) {
      report_.reason = library_.is_driver ? "this machine has no NVIDIA driver"
                                          : "no " + name + " in the places that are searched";
      return;
    }
    const PassedOver& first = report_.passed_over.front();
    report_.reason = first.path + " " + first.reason;
  }

  const VendorLibrary& library_;
  const LibraryRequirement& requirement_;
  const LibrarySearch& search_;
  VendorLibraryReport report_;
  std::set<std::string> seen_;
};

}  // namespace

std::span<const VendorLibrary> vendor_libraries() { return kLibraries; }

const VendorLibrary& nvidia_driver_library() { return kDriver; }

const VendorLibrary& vendor_library_called(std::string_view stem) {
  for (const VendorLibrary& library : kLibraries) {
    if (library.stem == stem) return library;
  }
  if (stem == kDriver.stem) return kDriver;
  throw std::invalid_argument("no library is called " + std::string(stem));
}

LibraryRequirement requirement_for(const VendorLibrary& library, int cuda_version) {
  if (library.stem == "libcudnn") return kCudnn;
  return {cuda_version / 1000, 0};
}

VendorLibraryReport find_vendor_library(const VendorLibrary& library,
                                        const LibraryRequirement& requirement,
                                        const LibrarySearch& search) {
  return Search(library, requirement, search).run();
}

}  // namespace reprotrain::engine
