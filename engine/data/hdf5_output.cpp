// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_output.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/data/hdf5_library.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

/// libhdf5 keeps the system's reason only as text: "..., errno = 28, error message = ...".
herr_t find_errno(unsigned, const H5E_error2_t* entry, void* found) {
  constexpr char kMark[] = "errno = ";
  const char* mark = entry->desc == nullptr ? nullptr : std::strstr(entry->desc, kMark);
  if (mark != nullptr && *static_cast<int*>(found) == 0) {
    *static_cast<int*>(found) = std::atoi(mark + sizeof kMark - 1);
  }
  return 0;
}

std::string reason_and_remedy() {
  int number = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, find_errno, &number);
  switch (number) {
    case 0:
      return "libhdf5 failed; check the disk and try again";
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return std::string(std::strerror(number)) + "; free some space or choose another place";
    case EACCES:
    case EPERM:
    case EROFS:
      return std::string(std::strerror(number)) + "; choose a directory you may write to";
    case ENOENT:
    case ENOTDIR:
      return std::string(std::strerror(number)) + "; create the directory first";
    default:
      return std::string(std::strerror(number)) + "; check the disk and try again";
  }
}

/// The name that the user knows: replace_file writes to "<path>.tmp<process>".
std::string without_temporary_suffix(const std::string& path) {
  const size_t dot = path.rfind(".tmp");
  const bool temporary = dot != std::string::npos && dot + 4 < path.size() &&
                         std::all_of(path.begin() + static_cast<ptrdiff_t>(dot) + 4, path.end(),
                                     [](char c) { return c >= '0' && c <= '9'; });
  return temporary ? path.substr(0, dot) : path;
}

hid_t number_type(const Hdf5Type& type) {
  const bool is_float = type.type_class == Hdf5Class::kFloat;
  assert(is_float || type.type_class == Hdf5Class::kInteger);
  switch (type.size_bytes) {
    case 1:
      return type.is_signed ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2:
      return type.is_signed ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4:
      return is_float ? H5T_IEEE_F32LE : type.is_signed ? H5T_STD_I32LE : H5T_STD_U32LE;
    default:
      return is_float ? H5T_IEEE_F64LE : type.is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  }
}

Hdf5Handle stored_type(const Hdf5Type& type) {
  if (type.type_class != Hdf5Class::kString) {
    return Hdf5Handle(H5Tcopy(number_type(type)), H5Tclose);
  }
  Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(text.get(), H5T_VARIABLE);
  H5Tset_cset(text.get(), H5T_CSET_UTF8);
  return text;
}

Hdf5Handle stored_space(const std::vector<int64_t>& shape) {
  if (shape.empty()) return Hdf5Handle(H5Screate(H5S_SCALAR), H5Sclose);
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  return Hdf5Handle(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                    H5Sclose);
}

Hdf5Handle utf8_names(hid_t list_class) {
  Hdf5Handle list(H5Pcreate(list_class), H5Pclose);
  H5Pset_char_encoding(list.get(), H5T_CSET_UTF8);
  return list;
}

/// The largest box of elements that starts at flat index `first` and lies within `n` elements.
struct Box {
  std::vector<hsize_t> origin, count;
  hsize_t n_elements = 1;
};

Box box_at(const std::vector<int64_t>& shape, int64_t first, int64_t n) {
  Box box{std::vector<hsize_t>(shape.size()), std::vector<hsize_t>(shape.size(), 1), 1};
  hsize_t rest = static_cast<hsize_t>(first);
  for (size_t axis = shape.size(); axis-- > 0;) {
    box.origin[axis] = rest % static_cast<hsize_t>(shape[axis]);
    rest /= static_cast<hsize_t>(shape[axis]);
  }
  for (size_t axis = shape.size(); axis-- > 0;) {
    const hsize_t left = static_cast<hsize_t>(shape[axis]) - box.origin[axis];
    box.count[axis] = std::min(left, static_cast<hsize_t>(n) / box.n_elements);
    box.n_elements *= box.count[axis];
    if (box.origin[axis] != 0 || box.count[axis] != left) break;
  }
  return box;
}

}  // namespace

void Hdf5Output::check(bool succeeded, const char* action) {
  if (succeeded) return;
  throw Error(ErrorKind::kEnvironment,
              without_temporary_suffix(path_) + ": cannot " + action + ": " + reason_and_remedy());
}

Hdf5Output::Hdf5Output(const std::string& path) : path_(path) {
  prepare_hdf5_library();
  const Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  H5Pset_file_locking(access.get(), false, true);
  file_ =
      Hdf5Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  check(file_.ok(), "create");
}

Hdf5Handle Hdf5Output::create_group(hid_t parent, const std::string& name) {
  const Hdf5Handle links = utf8_names(H5P_LINK_CREATE);
  const Hdf5Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  Hdf5Handle group(H5Gcreate2(parent, name.c_str(), links.get(), creation.get(), H5P_DEFAULT),
                   H5Gclose);
  check(group.ok(), "write a group");
  return group;
}

Hdf5Handle Hdf5Output::open_object(hid_t parent, const std::string& path) {
  Hdf5Handle object(H5Oopen(parent, path.c_str(), H5P_DEFAULT), H5Oclose);
  check(object.ok(), "find an object in it");
  return object;
}

bool Hdf5Output::has_link(hid_t parent, const std::string& name) {
  return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0;
}

Hdf5Handle Hdf5Output::create_dataset(hid_t parent, const std::string& name,
                                      const Hdf5Header& header) {
  const Hdf5Handle type = stored_type(header.type);
  const Hdf5Handle space = stored_space(header.shape);
  const Hdf5Handle links = utf8_names(H5P_LINK_CREATE);
  const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_layout(creation.get(), H5D_CONTIGUOUS);
  Hdf5Handle dataset(H5Dcreate2(parent, name.c_str(), type.get(), space.get(), links.get(),
                                creation.get(), H5P_DEFAULT),
                     H5Dclose);
  check(dataset.ok(), "write a dataset");
  return dataset;
}

Hdf5Handle Hdf5Output::create_attribute(hid_t object, const std::string& name,
                                        const Hdf5Header& header) {
  const Hdf5Handle type = stored_type(header.type);
  const Hdf5Handle space = stored_space(header.shape);
  const Hdf5Handle creation = utf8_names(H5P_ATTRIBUTE_CREATE);
  Hdf5Handle attribute(
      H5Acreate2(object, name.c_str(), type.get(), space.get(), creation.get(), H5P_DEFAULT),
      H5Aclose);
  check(attribute.ok(), "write an attribute");
  return attribute;
}

void Hdf5Output::write_elements(hid_t dataset, const Hdf5Header& header, int64_t first, int64_t n,
                                const void* elements) {
  const Hdf5Handle type = stored_type(header.type);
  if (n == 0) return;
  if (header.shape.empty()) {
    check(H5Dwrite(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0, "write");
    return;
  }
  const Hdf5Handle space = stored_space(header.shape);
  const auto* bytes = static_cast<const std::byte*>(elements);
  while (n > 0) {
    const Box box = box_at(header.shape, first, n);
    const Hdf5Handle memory(H5Screate_simple(1, &box.n_elements, nullptr), H5Sclose);
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, box.origin.data(), nullptr, box.count.data(),
                        nullptr);
    check(H5Dwrite(dataset, type.get(), memory.get(), space.get(), H5P_DEFAULT, bytes) >= 0,
          "write");
    const auto written = static_cast<int64_t>(box.n_elements);
    first += written;
    n -= written;
    bytes += box.n_elements * H5Tget_size(type.get());
  }
}

void Hdf5Output::write_attribute(hid_t attribute, const Hdf5Header& header, const void* elements) {
  if (header.n_elements() == 0) return;
  const Hdf5Handle type = stored_type(header.type);
  check(H5Awrite(attribute, type.get(), elements) >= 0, "write an attribute");
}

void Hdf5Output::close() {
  check(H5Fflush(file_.get(), H5F_SCOPE_LOCAL) >= 0, "write");
  check(file_.reset(), "write");
}

}  // namespace reprotrain::engine
