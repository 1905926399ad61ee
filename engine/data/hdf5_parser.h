// SPDX-License-Identifier: Apache-2.0
// Walks an HDF5 file. Runs in a limited child process only: libhdf5 crashes on hostile bytes.
#pragma once

#include <string>

#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_wire.h"

namespace reprotrain::engine {

/// Sends the whole file, or a refusal, through `events`. Changes the state of libhdf5 and the
/// limits of this process for good: no plugins, no printed errors, no further open files.
void parse_hdf5_in_child(const std::string& path, const Hdf5Limits& limits, WireWriter& events);

}  // namespace reprotrain::engine
