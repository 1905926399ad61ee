// SPDX-License-Identifier: Apache-2.0
// NVIDIA's libraries on this machine: where, which version, or why not. Needs nothing of CUDA, so that
// the program can say it on every machine; the CUDA module finds its libraries the same way.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/device/library_probe.h"
#include "engine/device/library_search.h"

namespace reprotrain::engine {

/// A library, by what is known of it without having it.
struct VendorLibrary {
  std::string_view name;  ///< "cuBLASLt"
  std::string_view stem;  ///< of its file name: "libcublasLt"
  const char* version_function;
  VersionFunction version_kind;
  std::span<const int> majors;  ///< in its file name, the newest first
  bool is_driver;               ///< only the loader may find it, as CUDA does; newer is as good
};

/// cuBLASLt, cuBLAS, cuDNN.
std::span<const VendorLibrary> vendor_libraries();

/// libcuda, of the NVIDIA driver.
const VendorLibrary& nvidia_driver_library();

/// The library whose file name begins so, the driver's among them. Throws std::invalid_argument for
/// an unknown one.
const VendorLibrary& vendor_library_called(std::string_view stem);

/// Which versions will do; 0: any.
struct LibraryRequirement {
  int major = 0;
  int minor = 0;  ///< at least, of that major version
};

/// What a CUDA module with the runtime `cuda_version` (13000 for 13.0; 0: there is no module) needs.
LibraryRequirement requirement_for(const VendorLibrary& library, int cuda_version);

struct PassedOver {
  std::string path;
  std::string reason;  ///< after "it ..."
};

struct VendorLibraryReport {
  std::string_view name;
  std::string path;   ///< empty where none will do
  std::string place;  ///< of search_places() where it was found
  LibraryVersion version;
  std::string reason;                   ///< why there is none, as a sentence without its full stop
  std::vector<PassedOver> passed_over;  ///< looked at before, or instead

  bool is_found() const { return !path.empty(); }
};

/// Searches in the order of search_places() for the first one that will do. Each candidate is loaded in
/// a child process, so call it before there are threads that load libraries; it takes a fraction of a
/// second where libraries are in the file cache. Throws Error(kEnvironment) where no process can be
/// made.
VendorLibraryReport find_vendor_library(const VendorLibrary& library,
                                        const LibraryRequirement& requirement,
                                        const LibrarySearch& search);

}  // namespace reprotrain::engine
