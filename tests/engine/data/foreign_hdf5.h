// SPDX-License-Identifier: Apache-2.0
// HDF5 files as other programs write them, made with the C interface itself.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

namespace reprotrain::testing {

/// How one and the same content is stored.
struct StorageVariant {
  std::string name;
  bool big_endian = false;
  std::vector<hsize_t> chunk = {};  ///< {}: contiguous
  int deflate = -1;
  bool shuffle = false;
  bool fletcher32 = false;
  bool unlimited = false;
  bool latest_format = false;
  bool time_stamps = false;
  bool reverse_creation = false;
  bool fixed_strings = false;
  hsize_t user_block = 0;
};

/// Every way of storing that must not matter.
inline std::vector<StorageVariant> storage_variants() {
  std::vector<StorageVariant> variants(11);
  variants[0].name = "plain";
  variants[1] = {.name = "chunked", .chunk = {7, 5}};
  variants[2] = {.name = "chunked in columns", .chunk = {40, 1}};
  variants[3] = {.name = "deflated", .chunk = {16, 4}, .deflate = 9, .shuffle = true};
  variants[4] = {.name = "checksummed", .chunk = {16, 4}, .fletcher32 = true};
  variants[5] = {.name = "big-endian", .big_endian = true};
  variants[6] = {.name = "big-endian, deflated", .big_endian = true, .chunk = {3, 3}, .deflate = 1};
  variants[7] = {
      .name = "latest format", .chunk = {7, 5}, .unlimited = true, .latest_format = true};
  variants[8] = {.name = "time stamps", .time_stamps = true, .reverse_creation = true};
  variants[9] = {.name = "fixed strings", .fixed_strings = true};
  variants[10] = {.name = "user block", .user_block = 1024};
  return variants;
}

/// /m (41, 13) int32, /g/v (6) float64 with attribute "unit", /names strings.
class ForeignFile {
 public:
  static constexpr hsize_t kRows = 41;
  static constexpr hsize_t kColumns = 13;

  ForeignFile(const std::string& path, const StorageVariant& variant) : variant_(variant) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (variant.latest_format) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, variant.user_block);
    file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access);
    H5Pclose(access);
    H5Pclose(creation);
  }
  ~ForeignFile() { H5Fclose(file_); }
  ForeignFile(const ForeignFile&) = delete;
  ForeignFile& operator=(const ForeignFile&) = delete;

  /// `flipped_bit` >= 0 changes that bit of the matrix.
  void fill(int flipped_bit = -1) const {
    if (variant_.reverse_creation) {
      names();
      vector();
      matrix(flipped_bit);
    } else {
      matrix(flipped_bit);
      vector();
      names();
    }
  }

  hid_t id() const { return file_; }

 private:
  hid_t creation_list(bool chunkable) const {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(list, variant_.time_stamps);
    if (!chunkable || variant_.chunk.empty()) return list;
    H5Pset_chunk(list, static_cast<int>(variant_.chunk.size()), variant_.chunk.data());
    if (variant_.shuffle) H5Pset_shuffle(list);
    if (variant_.deflate >= 0) H5Pset_deflate(list, static_cast<unsigned>(variant_.deflate));
    if (variant_.fletcher32) H5Pset_fletcher32(list);
    return list;
  }

  void matrix(int flipped_bit) const {
    std::vector<int32_t> values(kRows * kColumns);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i * 2654435761u);
    if (flipped_bit >= 0) {
      values[static_cast<size_t>(flipped_bit) / 32] ^=
          static_cast<int32_t>(1u << (flipped_bit % 32));
    }
    const hsize_t shape[] = {kRows, kColumns};
    const hsize_t unlimited[] = {H5S_UNLIMITED, H5S_UNLIMITED};
    const hid_t space = H5Screate_simple(2, shape, variant_.unlimited ? unlimited : nullptr);
    const hid_t list = creation_list(true);
    const hid_t type = variant_.big_endian ? H5T_STD_I32BE : H5T_STD_I32LE;
    const hid_t data = H5Dcreate2(file_, "m", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Dwrite(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
  }

  void vector() const {
    const double values[] = {0.1, -0.0, 1e300, 5e-324, -1.5, 3.0};
    const hsize_t n = 6;
    const hid_t group = H5Gcreate2(file_, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, &n, nullptr);
    const hid_t list = creation_list(false);
    const hid_t type = variant_.big_endian ? H5T_IEEE_F64BE : H5T_IEEE_F64LE;
    const hid_t data = H5Dcreate2(group, "v", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    const hid_t unit_type = variant_.big_endian ? H5T_STD_U16BE : H5T_STD_U16LE;
    const hid_t unit = H5Acreate2(data, "unit", unit_type, scalar, H5P_DEFAULT, H5P_DEFAULT);
    const uint16_t value = 258;
    H5Awrite(unit, H5T_NATIVE_UINT16, &value);
    H5Aclose(unit);
    H5Sclose(scalar);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    H5Gclose(group);
  }

  void names() const {
    const hsize_t n = 3;
    const hid_t space = H5Screate_simple(1, &n, nullptr);
    const hid_t type = H5Tcopy(H5T_C_S1);
    const char* pointers[] = {"alpha", "", "gr\xc3\xb6\xc3\x9f"};
    char padded[3][8] = {"alpha", "", "gr\xc3\xb6\xc3\x9f"};
    H5Tset_size(type, variant_.fixed_strings ? 8 : H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const hid_t list = creation_list(false);
    const hid_t data = H5Dcreate2(file_, "names", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    const void* values = pointers;
    if (variant_.fixed_strings) values = padded;
    H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(data);
    H5Pclose(list);
    H5Tclose(type);
    H5Sclose(space);
  }

  StorageVariant variant_;
  hid_t file_ = H5I_INVALID_HID;
};

}  // namespace reprotrain::testing
