// SPDX-License-Identifier: Apache-2.0
// Creating HDF5 objects so that equal content gives equal bytes.
//
// No time stamps on file, groups or datasets; contiguous storage without filters or fill values;
// the object formats of HDF5 1.8, whose attributes may exceed 64 KiB and which every reader since
// 2008 understands. Failures are Error(kEnvironment) with the reason that the system gave.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/data/hdf5_handle.h"
#include "engine/data/hdf5_type.h"

namespace reprotrain::engine {

/// One file that is being written. The caller holds hdf5_mutex(), also when handles are destroyed.
///
/// Types are integers, floats and strings, which is what reprotrain writes.
class Hdf5Output {
 public:
  /// Creates or truncates the file at `path`; messages name `path` without a temporary suffix.
  explicit Hdf5Output(const std::string& path);

  hid_t file() const noexcept { return file_.get(); }

  Hdf5Handle create_group(hid_t parent, const std::string& name);
  Hdf5Handle open_object(hid_t parent, const std::string& path);
  bool has_link(hid_t parent, const std::string& name);
  Hdf5Handle create_dataset(hid_t parent, const std::string& name, const Hdf5Header& header);
  Hdf5Handle create_attribute(hid_t object, const std::string& name, const Hdf5Header& header);

  /// Writes elements [first, first + n) of a dataset, counted in row-major order, from memory that
  /// holds them one after the other: little-endian numbers, or `const char*` for strings.
  void write_elements(hid_t dataset, const Hdf5Header& header, int64_t first, int64_t n,
                      const void* elements);
  void write_attribute(hid_t attribute, const Hdf5Header& header, const void* elements);

  /// Flushes and closes; the file is whole only after this.
  void close();

 private:
  void check(bool succeeded, const char* action);

  std::string path_;
  Hdf5Handle file_;
};

}  // namespace reprotrain::engine
