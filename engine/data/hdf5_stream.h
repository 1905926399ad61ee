// SPDX-License-Identifier: Apache-2.0
// Reading HDF5 files that nobody vouches for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/data/hdf5_visitor.h"

namespace reprotrain::engine {

/// What a file may ask for. The defaults fit honest files of any size that a machine can hold.
struct Hdf5Limits {
  int64_t decoded_bytes = int64_t{1} << 44;     ///< logical bytes of all datasets together
  int64_t attribute_bytes = int64_t{64} << 20;  ///< of one attribute
  int64_t element_bytes = int64_t{16} << 20;    ///< of one element, its texts included
  int64_t n_objects = 1'000'000;                ///< groups, datasets and attributes, once a path
  int depth = 64;                               ///< of nested groups
  int64_t child_memory_bytes = int64_t{3}
                               << 30;     ///< address space of the parser beyond this process
  int64_t child_cpu_seconds = 24 * 3600;  ///< processor time of the parser
  int no_progress_ms = 120'000;           ///< longest silence of the parser
};

/// Parses the file at `path` in a limited child process and passes its content to `visitor`.
///
/// The child has no descriptors but the file and a pipe, cannot open another file, write one, load
/// a plugin or dump core, and has bounds on memory and time. It decodes; this process only checks
/// what arrives. Whatever the file holds, the result is a sequence of events as Hdf5Visitor
/// promises, or Error(kData) with one sentence: damage, something outside the closed set (named), a
/// limit, the parser's death or silence. Exceptions of `visitor` end the child and pass through.
void visit_hdf5(const std::string& path, const Hdf5Limits& limits, Hdf5Visitor& visitor);

class WireWriter;

/// visit_hdf5 with another parser in the child, which may crash, hang or talk nonsense. Tests plant
/// such faults here.
using Hdf5ChildParser = std::function<void(WireWriter& events)>;
void visit_hdf5_with(const Hdf5ChildParser& parser, const std::string& path,
                     const Hdf5Limits& limits, Hdf5Visitor& visitor);

}  // namespace reprotrain::engine
