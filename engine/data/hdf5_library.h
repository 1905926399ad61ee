// SPDX-License-Identifier: Apache-2.0
// The libhdf5 that this process runs with.
#pragma once

#include <string>

namespace reprotrain::engine {

/// Sets libhdf5 up; every first use goes through here. It shall not try once more to write a file that
/// failed, as its exit handler does (and crashes), and it shall not print its errors, because ours are
/// sentences.
void prepare_hdf5_library();

/// "1.10.8", of the library that was loaded.
std::string hdf5_library_version();

}  // namespace reprotrain::engine
