// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_parser.h"

#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <vector>

#include "engine/data/hdf5_file_type.h"
#include "engine/data/hdf5_handle.h"
#include "engine/data/hdf5_slab.h"
#include "engine/data/limited_child.h"

namespace reprotrain::engine {

namespace {

#if H5_VERSION_GE(1, 12, 0)
using ObjectInfo = H5O_info1_t;
#else
using ObjectInfo = H5O_info_t;
#endif

constexpr size_t kPieceBytes = size_t{1} << 20;

[[noreturn]] void refuse(const std::string& sentence) { throw Hdf5Refusal{sentence}; }

[[noreturn]] void damaged(const std::string& place) {
  refuse(place + " cannot be decoded: the file is damaged; get a new copy");
}

std::string dataset_place(const std::string& path) { return "dataset " + path; }
std::string group_place(const std::string& path) {
  return path.empty() ? "the root group" : "group " + path;
}

/// Names that an HDF5 iteration delivers, ascending by bytes.
struct NameList {
  std::vector<std::string> names;
  int64_t most = 0;

  herr_t add(const char* name) {
    names.emplace_back(name);
    return static_cast<int64_t>(names.size()) > most ? 1 : 0;
  }
  void sort() { std::sort(names.begin(), names.end()); }
};

herr_t add_link(hid_t, const char* name, const H5L_info_t*, void* list) {
  return static_cast<NameList*>(list)->add(name);
}
herr_t add_attribute(hid_t, const char* name, const H5A_info_t*, void* list) {
  return static_cast<NameList*>(list)->add(name);
}

class FileWalker {
 public:
  FileWalker(const Hdf5Limits& limits, WireWriter& events) : limits_(limits), events_(events) {}

  void group(hid_t id, const std::string& name, const std::string& path) {
    const std::string place = group_place(path);
    enter(id, place);
    events_.begin_group(name);
    attributes(id, place);
    for (const std::string& link : links(id, place)) object(id, link, path + "/" + link);
    events_.end_group();
    ancestors_.pop_back();
  }

 private:
  std::vector<std::string> links(hid_t id, const std::string& place) const {
    NameList list{{}, limits_.n_objects};
    hsize_t position = 0;
    if (H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, &position, add_link, &list) < 0)
      damaged(place);
    list.sort();
    return std::move(list.names);
  }

  /// A group inside itself has no end: hard links can make one.
  void enter(hid_t id, const std::string& place) {
    ObjectInfo info;
    if (H5Oget_info2(id, &info, H5O_INFO_BASIC) < 0) damaged(place);
    if (std::find(ancestors_.begin(), ancestors_.end(), info.addr) != ancestors_.end()) {
      refuse(place + " contains itself by a hard link; remove the link");
    }
    ancestors_.push_back(info.addr);
    if (ancestors_.size() > static_cast<size_t>(limits_.depth)) {
      refuse(place + " is nested more than " + std::to_string(limits_.depth) +
             " deep; copy the wanted part to a new file");
    }
  }

  void object(hid_t parent, const std::string& name, const std::string& path) {
    H5L_info_t link;
    if (H5Lget_info(parent, name.c_str(), &link, H5P_DEFAULT) < 0) damaged("link " + path);
    if (link.type != H5L_TYPE_HARD) {
      const char* kind = link.type == H5L_TYPE_SOFT       ? "a soft link"
                         : link.type == H5L_TYPE_EXTERNAL ? "an external link"
                                                          : "a user-defined link";
      refuse("link " + path + " is " + kind +
             ", which is not followed; copy its object in its place");
    }
    const Hdf5Handle child(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!child.ok()) damaged("object " + path);
    switch (H5Iget_type(child.get())) {
      case H5I_GROUP:
        return group(child.get(), name, path);
      case H5I_DATASET:
        return dataset(parent, name, path);
      case H5I_DATATYPE:
        refuse("object " + path + " is a named data type; remove it");
      default:
        damaged("object " + path);
    }
  }

  void attributes(hid_t object, const std::string& owner) {
    NameList list{{}, limits_.n_objects};
    hsize_t position = 0;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &position, add_attribute, &list) < 0) {
      damaged("the attributes of " + owner);
    }
    list.sort();
    for (const std::string& name : list.names) attribute(object, name, owner);
  }

  void attribute(hid_t object, const std::string& name, const std::string& owner) {
    const std::string place = "attribute " + name + " of " + owner;
    const Hdf5Handle id(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!id.ok()) damaged(place);
    const Hdf5Handle type(H5Aget_type(id.get()), H5Tclose);
    const Hdf5Handle space(H5Aget_space(id.get()), H5Sclose);
    if (!type.ok() || !space.ok()) damaged(place);
    const StoredType stored = describe_stored_type(type.get(), place);
    const Hdf5Header header{stored.logical, shape_of(space.get(), place)};
    const auto n = static_cast<size_t>(header.n_elements());
    check_element(stored, place);
    if (n > static_cast<size_t>(limits_.attribute_bytes) / stored.element_bytes) {
      refuse(place + " is larger than " + std::to_string(limits_.attribute_bytes) +
             " bytes; make it a dataset");
    }
    events_.begin_attribute(name, header);
    std::vector<std::byte> elements(n * stored.element_bytes);
    if (n > 0 && H5Aread(id.get(), type.get(), elements.data()) < 0) damaged(place);
    send(stored, elements.data(), n, place);
    reclaim(stored, type.get(), space.get(), elements.data());
    events_.end_attribute();
  }

  void dataset(hid_t parent, const std::string& name, const std::string& path) {
    const std::string place = dataset_place(path);
    StorageShape storage;
    Hdf5Handle id(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!id.ok()) damaged(place);
    const Hdf5Handle type(H5Dget_type(id.get()), H5Tclose);
    const Hdf5Handle space(H5Dget_space(id.get()), H5Sclose);
    if (!type.ok() || !space.ok()) damaged(place);
    const StoredType stored = describe_stored_type(type.get(), place);
    const Hdf5Header header{stored.logical, shape_of(space.get(), place)};
    check_element(stored, place);
    storage.shape.assign(header.shape.begin(), header.shape.end());
    storage.chunk = check_storage(id.get(), storage.shape.size(), place);
    storage.element_bytes = stored.element_bytes;
    storage.has_variable_text = stored.has_variable_text;

    events_.begin_dataset(name, header);
    attributes(id.get(), place);
    if (header.n_elements() > 0) {
      reopen_with_cache(id, parent, name, storage);
      if (!id.ok()) damaged(place);
      read(id.get(), type.get(), space.get(), stored, storage, place);
    }
    events_.end_dataset();
  }

  std::vector<int64_t> shape_of(hid_t space, const std::string& place) const {
    const H5S_class_t kind = H5Sget_simple_extent_type(space);
    if (kind == H5S_NULL) refuse(place + " has a null data space; give it a shape or remove it");
    if (kind != H5S_SCALAR && kind != H5S_SIMPLE) damaged(place);
    hsize_t extents[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space, extents, nullptr);
    if (rank < 0 || rank > H5S_MAX_RANK) damaged(place);
    std::vector<int64_t> shape;
    for (int axis = 0; axis < rank; ++axis) {
      if (extents[axis] > static_cast<hsize_t>(INT64_MAX)) damaged(place);
      shape.push_back(static_cast<int64_t>(extents[axis]));
    }
    return shape;
  }

  void check_element(const StoredType& stored, const std::string& place) const {
    if (stored.element_bytes > 0 &&
        stored.element_bytes <= static_cast<size_t>(limits_.element_bytes)) {
      return;
    }
    refuse(place + " has elements of " + std::to_string(stored.element_bytes) +
           " bytes, more than the " + std::to_string(limits_.element_bytes) +
           " allowed; store shorter ones");
  }

  /// Refuses storage that leads outside the file or needs a plugin; returns the chunk shape.
  std::vector<hsize_t> check_storage(hid_t dataset, size_t rank, const std::string& place) const {
    const Hdf5Handle list(H5Dget_create_plist(dataset), H5Pclose);
    if (!list.ok()) damaged(place);
    if (H5Pget_external_count(list.get()) != 0) {
      refuse(place + " keeps its data in external files; copy it into one file with h5repack");
    }
    const H5D_layout_t layout = H5Pget_layout(list.get());
    if (layout == H5D_VIRTUAL) {
      refuse(place + " is a virtual dataset; copy it into one file with h5repack");
    }
    const int n_filters = H5Pget_nfilters(list.get());
    for (int i = 0; i < n_filters; ++i) check_filter(list.get(), static_cast<unsigned>(i), place);
    std::vector<hsize_t> chunk;
    if (layout == H5D_CHUNKED) {
      chunk.resize(H5S_MAX_RANK);
      const int chunk_rank = H5Pget_chunk(list.get(), H5S_MAX_RANK, chunk.data());
      if (chunk_rank < 0 || static_cast<size_t>(chunk_rank) != rank) damaged(place);
      chunk.resize(rank);
      if (std::find(chunk.begin(), chunk.end(), hsize_t{0}) != chunk.end()) damaged(place);
    }
    return chunk;
  }

  void check_filter(hid_t list, unsigned index, const std::string& place) const {
    unsigned flags = 0;
    size_t n_values = 0;
    char name[64] = {};
    const H5Z_filter_t filter =
        H5Pget_filter2(list, index, &flags, &n_values, nullptr, sizeof name - 1, name, nullptr);
    const bool known = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
                       filter == H5Z_FILTER_FLETCHER32 || filter == H5Z_FILTER_SZIP;
    if (known && H5Zfilter_avail(filter) > 0) return;
    refuse(place + " uses the filter " + std::to_string(filter) +
           (name[0] != '\0' ? std::string(" (") + name + ")" : "") +
           ", which is not supported; rewrite the file with h5repack -f GZIP=4");
  }

  void reopen_with_cache(Hdf5Handle& id, hid_t parent, const std::string& name,
                         const StorageShape& storage) const {
    constexpr size_t kDefaultCacheBytes = size_t{1} << 20;
    constexpr size_t kSlots = 40'009;  // prime, and far more than the chunks of a band
    const size_t cache = chunk_cache_bytes(storage);
    if (cache <= kDefaultCacheBytes) return;
    const Hdf5Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    if (H5Pset_chunk_cache(access.get(), kSlots, cache, 1.0) < 0) return;
    id.reset();
    id = Hdf5Handle(H5Dopen2(parent, name.c_str(), access.get()), H5Dclose);
  }

  void read(hid_t id, hid_t type, hid_t file_space, const StoredType& stored,
            const StorageShape& storage, const std::string& place) {
    if (storage.shape.empty()) {
      std::vector<std::byte> element(stored.element_bytes);
      if (H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, element.data()) < 0) damaged(place);
      send(stored, element.data(), 1, place);
      reclaim(stored, type, file_space, element.data());
      return;
    }
    const std::vector<hsize_t> extents = slab_extents(storage);
    size_t most = 1;
    for (const hsize_t extent : extents) most *= static_cast<size_t>(extent);
    std::vector<std::byte> elements(most * stored.element_bytes);
    for_each_slab(storage.shape, extents, [&](auto origin, auto count) {
      hsize_t n = 1;
      for (const hsize_t c : count) n *= c;
      const Hdf5Handle memory_space(H5Screate_simple(1, &n, nullptr), H5Sclose);
      if (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, origin.data(), nullptr, count.data(),
                              nullptr) < 0 ||
          H5Dread(id, type, memory_space.get(), file_space, H5P_DEFAULT, elements.data()) < 0) {
        damaged(place);
      }
      send(stored, elements.data(), static_cast<size_t>(n), place);
      reclaim(stored, type, memory_space.get(), elements.data());
    });
  }

  static void reclaim(const StoredType& stored, hid_t type, hid_t space, std::byte* elements) {
    if (stored.has_variable_text) H5Dvlen_reclaim(type, space, H5P_DEFAULT, elements);
  }

  /// Sends `n` elements in pieces of about 1 MiB, each of whole elements.
  void send(const StoredType& stored, const std::byte* elements, size_t n,
            const std::string& place) {
    const bool has_text = fixed_element_bytes(stored.logical) < 0;
    const size_t step = has_text ? 1 : std::max<size_t>(kPieceBytes / stored.element_bytes, 1);
    piece_.clear();
    for (size_t i = 0; i < n; i += step) {
      const size_t n_now = std::min(step, n - i);
      const std::byte* first = elements + i * stored.element_bytes;
      if (stored.is_logical()) {
        events_.data({first, n_now * stored.element_bytes});
        continue;
      }
      const size_t before = piece_.size();
      append_logical_bytes(stored, first, n_now, piece_);
      if (has_text && piece_.size() - before > static_cast<size_t>(limits_.element_bytes)) {
        refuse(place + " has a text of more than " + std::to_string(limits_.element_bytes) +
               " bytes; store shorter ones");
      }
      if (piece_.size() >= kPieceBytes || i + n_now == n) {
        events_.data(piece_);
        piece_.clear();
      }
    }
  }

  const Hdf5Limits& limits_;
  WireWriter& events_;
  std::vector<haddr_t> ancestors_;
  std::vector<std::byte> piece_;
};

Hdf5Handle open_file(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Nothing is written, and network file systems often cannot lock.
  H5Pset_file_locking(access.get(), false, true);
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (file.ok()) return file;
  if (H5Fis_hdf5(path.c_str()) > 0) {
    refuse(
        "cannot be opened: the HDF5 file is damaged, cut short or was never closed; get a new "
        "copy");
  }
  refuse("is not an HDF5 file; check the path, or convert it first");
}

void walk(const std::string& path, const Hdf5Limits& limits, WireWriter& events) {
  Hdf5Handle file = open_file(path);
  forbid_opening_files();
  const Hdf5Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT), H5Gclose);
  if (!root.ok()) damaged("the root group");
  FileWalker(limits, events).group(root.get(), "", "");
  events.finish();
}

}  // namespace

void parse_hdf5_in_child(const std::string& path, const Hdf5Limits& limits, WireWriter& events) {
  try {
    walk(path, limits, events);
  } catch (const Hdf5Refusal& refusal) {
    events.refuse(refusal.sentence);
  } catch (const std::bad_alloc&) {
    events.refuse("needs more than " + std::to_string(limits.child_memory_bytes) +
                  " bytes of memory to parse; store it in smaller chunks");
  }
  ::_exit(0);
}

}  // namespace reprotrain::engine
