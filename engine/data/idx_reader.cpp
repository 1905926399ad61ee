// SPDX-License-Identifier: Apache-2.0
#include "engine/data/idx_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/data/byte_source.h"
#include "engine/data/category_dictionary.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/float_state.h"

namespace reprotrain::engine {

namespace {

constexpr int kMaxRank = 8;
constexpr int64_t kMaxValues = int64_t{1} << 40;  // 4 TiB of binary32
constexpr int64_t kBlockValues = int64_t{1} << 16;

enum class IdxType : uint8_t {
  kUint8 = 0x08,
  kInt8 = 0x09,
  kInt16 = 0x0b,
  kInt32 = 0x0c,
  kFloat32 = 0x0d,
  kFloat64 = 0x0e,
};

// 0 for a byte that is no type.
int64_t element_bytes(uint8_t type) {
  switch (static_cast<IdxType>(type)) {
    case IdxType::kUint8:
    case IdxType::kInt8:
      return 1;
    case IdxType::kInt16:
      return 2;
    case IdxType::kInt32:
    case IdxType::kFloat32:
      return 4;
    case IdxType::kFloat64:
      return 8;
  }
  return 0;
}

struct IdxData {
  IdxType type = IdxType::kUint8;
  std::vector<int64_t> shape;
  std::vector<float> values;      // (shape), row-major
  std::vector<int64_t> integers;  // rank-1 integer files only: the values, exactly
};

[[noreturn]] void fail(const std::string& path, const std::string& rest) {
  throw Error(ErrorKind::kData, path + ": " + rest);
}

uint64_t big_endian(const char* bytes, int64_t n_bytes) {
  uint64_t value = 0;
  for (int64_t i = 0; i < n_bytes; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

int64_t decode_integer(IdxType type, const char* bytes) {
  switch (type) {
    case IdxType::kUint8:
      return static_cast<unsigned char>(*bytes);
    case IdxType::kInt8:
      return std::bit_cast<int8_t>(static_cast<uint8_t>(big_endian(bytes, 1)));
    case IdxType::kInt16:
      return std::bit_cast<int16_t>(static_cast<uint16_t>(big_endian(bytes, 2)));
    default:
      return std::bit_cast<int32_t>(static_cast<uint32_t>(big_endian(bytes, 4)));
  }
}

bool is_integer(IdxType type) { return type != IdxType::kFloat32 && type != IdxType::kFloat64; }

float decode(IdxType type, const char* bytes) {
  if (is_integer(type)) return static_cast<float>(decode_integer(type, bytes));
  if (type == IdxType::kFloat32) {
    return kernels::canonical(
        kernels::float_from_bits(static_cast<uint32_t>(big_endian(bytes, 4))));
  }
  const double wide = kernels::double_from_bits(big_endian(bytes, 8));
  return kernels::canonical(static_cast<float>(wide));
}

// True when rounding to binary32 turned a finite number into infinity.
bool overflowed(IdxType type, const char* bytes, float value) {
  if (type != IdxType::kFloat64 || kernels::is_finite(value) || kernels::is_nan(value))
    return false;
  return kernels::is_finite(kernels::double_from_bits(big_endian(bytes, 8)));
}

int64_t checked_size(const std::string& path, const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t extent : shape) {
    if (extent == 0) fail(path, "a dimension of the IDX file is 0; check how it was written");
    if (product > kMaxValues / extent) {
      fail(path,
           "the dimensions of the IDX file multiply to more than 2^40 values; the header is "
           "damaged");
    }
    product *= extent;
  }
  return product;
}

IdxData read_header(ByteSource& source, const std::string& path) {
  char magic[4] = {};
  if (source.read(magic) < 4) fail(path, "is truncated: it ends inside the IDX header");
  if (!looks_like_idx({magic, 4})) {
    fail(path, "is no IDX file: it does not start with 0, 0, a type and a rank from 1 to 8");
  }
  IdxData data;
  data.type = static_cast<IdxType>(magic[2]);
  for (int i = 0; i < magic[3]; ++i) {
    char extent[4];
    if (source.read(extent) < 4) fail(path, "is truncated: it ends inside the IDX header");
    data.shape.push_back(static_cast<int64_t>(big_endian(extent, 4)));
  }
  return data;
}

// Refuses, before memory is taken, a header that promises more than a plain file holds.
void check_plain_size(const ByteSource& source, const std::string& path, int64_t expected_bytes) {
  if (source.compressed()) return;
  const int64_t actual = source.file_size_bytes();
  if (actual == expected_bytes) return;
  fail(path, (actual < expected_bytes ? "is truncated: it has " : "has trailing bytes: it has ") +
                 std::to_string(actual) + " bytes where its IDX header announces " +
                 std::to_string(expected_bytes) + "; copy or download the file again");
}

IdxData read_idx_file(const std::string& path) {
  ByteSource source(path);
  IdxData data = read_header(source, path);
  const int64_t n_values = checked_size(path, data.shape);
  const int64_t size = element_bytes(static_cast<uint8_t>(data.type));
  const auto rank = static_cast<int64_t>(data.shape.size());
  check_plain_size(source, path, 4 + 4 * rank + n_values * size);

  // Deflate compresses at most 1032 to 1, so a damaged header cannot ask for more than that.
  data.values.reserve(static_cast<size_t>(
      source.compressed() ? std::min(n_values, source.file_size_bytes() * 1032 / size) : n_values));
  const bool keep_integers = rank == 1 && is_integer(data.type);
  std::vector<char> block(static_cast<size_t>(std::min(n_values, kBlockValues) * size));
  int64_t done = 0;
  while (done < n_values) {
    const int64_t wanted = std::min(n_values - done, kBlockValues);
    const int64_t n_bytes = source.read({block.data(), static_cast<size_t>(wanted * size)});
    if (n_bytes < wanted * size) {
      fail(path, "is truncated: value " + std::to_string(done + n_bytes / size) + " of " +
                     std::to_string(n_values) + " is missing; copy or download the file again");
    }
    for (int64_t i = 0; i < wanted; ++i) {
      const char* const bytes = block.data() + i * size;
      const float value = decode(data.type, bytes);
      if (overflowed(data.type, bytes, value)) {
        fail(path, "value " + std::to_string(done + i) +
                       " is beyond the largest binary32 number; rescale the data");
      }
      data.values.push_back(value);
      if (keep_integers) data.integers.push_back(decode_integer(data.type, bytes));
    }
    done += wanted;
  }
  char extra;
  if (source.read({&extra, 1}) != 0) {
    fail(path, "bytes follow the IDX data; copy or download the file again");
  }
  return data;
}

Column to_column(IdxData&& data) {
  Column column;
  column.name = data.shape.size() == 1 ? "value" : "pixels";
  column.item_shape.assign(data.shape.begin() + 1, data.shape.end());
  column.values = std::move(data.values);
  return column;
}

Column to_label_column(IdxData&& data, const std::string& name, ColumnKind kind,
                       const std::string& path) {
  Column column;
  column.name = name;
  column.kind = kind;
  if (kind == ColumnKind::kNumeric) {
    column.values = std::move(data.values);
    return column;
  }
  if (!is_integer(data.type)) {
    fail(path, "labels of a floating-point type cannot be categories; declare the column numeric");
  }
  CategoryDictionary dictionary;
  for (const int64_t value : data.integers) {
    column.codes.push_back(dictionary.code_of(std::to_string(value)));
  }
  column.categories = dictionary.finish(column.codes);
  return column;
}

// Declared kinds must name a column that there is; only labels can be categorical.
void check_declared_kinds(const Table& table, const DataConfig& config, const std::string& path) {
  for (const auto& [name, kind] : config.column_kinds) {
    const int64_t index = table.require(name, path + ": /data/columns/" + name);
    if (table.columns[static_cast<size_t>(index)].kind != kind) {
      throw Error(ErrorKind::kConfig, path + ": /data/columns/" + name +
                                          ": this column of an IDX file can only be numeric");
    }
  }
}

ColumnKind declared_kind(const DataConfig& config, const std::string& name) {
  const auto found = config.column_kinds.find(name);
  return found == config.column_kinds.end() ? ColumnKind::kNumeric : found->second;
}

}  // namespace

bool looks_like_idx(std::string_view bytes) {
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 &&
         element_bytes(static_cast<uint8_t>(bytes[2])) != 0 && bytes[3] >= 1 &&
         bytes[3] <= kMaxRank;
}

Table read_idx(const std::string& path, const std::string& labels_path, const DataConfig& config) {
  const kernels::StrictFloatScope strict;
  Table table;
  IdxData data = read_idx_file(path);
  table.n_rows = data.shape[0];
  table.columns.push_back(to_column(std::move(data)));
  if (!labels_path.empty()) {
    IdxData labels = read_idx_file(labels_path);
    if (labels.shape.size() != 1) fail(labels_path, "labels must have one dimension");
    if (labels.shape[0] != table.n_rows) {
      fail(labels_path, "has " + std::to_string(labels.shape[0]) + " labels for the " +
                            std::to_string(table.n_rows) + " rows of " + path);
    }
    const std::string name = config.target.empty() ? "label" : config.target;
    if (table.find(name) >= 0) {
      fail(labels_path, "/data/target is the name of the data column \"" + name +
                            "\"; choose another name for the labels");
    }
    table.columns.push_back(
        to_label_column(std::move(labels), name, declared_kind(config, name), labels_path));
  }
  check_declared_kinds(table, config, path);
  return table;
}

}  // namespace reprotrain::engine
