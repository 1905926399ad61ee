// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_library.h"

#include <hdf5.h>

namespace reprotrain::engine {

void prepare_hdf5_library() {
  static const herr_t without_exit_handler = H5dont_atexit();
  static_cast<void>(without_exit_handler);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_library_version() {
  prepare_hdf5_library();
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace reprotrain::engine
