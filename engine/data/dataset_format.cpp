// SPDX-License-Identifier: Apache-2.0
#include "engine/data/dataset_format.h"

#include <array>
#include <filesystem>
#include <string_view>

#include "engine/data/byte_source.h"
#include "engine/data/idx_reader.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

using namespace std::string_view_literals;

constexpr auto kHdf5Signature = "\x89HDF\r\n\x1a\n"sv;
constexpr int64_t kLeadingBytes = 4096;

struct ForeignFormat {
  std::string_view magic;
  std::string_view name;
};
constexpr std::array kForeignFormats = {
    ForeignFormat{"PK\x03\x04"sv, "a ZIP archive or spreadsheet"},
    ForeignFormat{"PAR1"sv, "a Parquet file"},
    ForeignFormat{"ARROW1"sv, "an Arrow file"},
    ForeignFormat{"\x93NUMPY"sv, "a NumPy file"},
    ForeignFormat{"SQLite format 3"sv, "an SQLite database"},
    ForeignFormat{"BZh"sv, "a bzip2 file"},
    ForeignFormat{"\xfd"
                  "7zXZ"sv,
                  "an xz file"},
    ForeignFormat{"\x28\xb5\x2f\xfd"sv, "a Zstandard file"},
    ForeignFormat{"\x89PNG"sv, "a PNG image"},
    ForeignFormat{"%PDF"sv, "a PDF document"},
};

struct Extension {
  std::string_view text;
  DataFormat format;
};
constexpr std::array kExtensions = {
    Extension{".csv", DataFormat::kCsv},  Extension{".tsv", DataFormat::kCsv},
    Extension{".txt", DataFormat::kCsv},  Extension{".idx", DataFormat::kIdx},
    Extension{".h5", DataFormat::kHdf5},  Extension{".hdf5", DataFormat::kHdf5},
    Extension{".hdf", DataFormat::kHdf5},
};

std::string_view format_name(DataFormat format) {
  switch (format) {
    case DataFormat::kCsv:
      return "csv";
    case DataFormat::kIdx:
      return "idx";
    case DataFormat::kHdf5:
      return "hdf5";
    default:
      return "auto";
  }
}

[[noreturn]] void fail(const std::string& path, const std::string& rest) {
  throw Error(ErrorKind::kData, path + ": " + rest);
}

// HDF5 allows a user block of 512, 1024, 2048, ... bytes before the signature.
bool has_hdf5_signature(std::string_view bytes) {
  if (bytes.starts_with(kHdf5Signature)) return true;
  for (size_t offset = 512; offset + kHdf5Signature.size() <= bytes.size(); offset *= 2) {
    if (bytes.substr(offset).starts_with(kHdf5Signature)) return true;
  }
  return false;
}

DataFormat format_of_content(const std::string& path, std::string_view bytes, bool compressed) {
  if (has_hdf5_signature(bytes)) {
    if (compressed) fail(path, "is a compressed HDF5 file; decompress it with gunzip first");
    return DataFormat::kHdf5;
  }
  if (looks_like_idx(bytes)) return DataFormat::kIdx;
  for (const ForeignFormat& foreign : kForeignFormats) {
    if (bytes.starts_with(foreign.magic)) {
      fail(path, "is " + std::string(foreign.name) + "; convert it to CSV, IDX or HDF5");
    }
  }
  return DataFormat::kCsv;
}

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return extension;
}

void check_extension(const std::string& path, DataFormat content, bool compressed) {
  std::filesystem::path name = path;
  const bool says_gzip = lower_extension(name) == ".gz";
  if (says_gzip && !compressed) {
    fail(path, "has the extension .gz but no gzip content; rename or compress it");
  }
  if (says_gzip) name = name.stem();
  const std::string extension = lower_extension(name);
  for (const Extension& known : kExtensions) {
    if (known.text != extension) continue;
    if (known.format != content) {
      fail(path, "has the extension " + extension + " but its content is " +
                     std::string(format_name(content)) + "; rename it or say so in /data/format");
    }
    if (compressed && !says_gzip) {
      fail(path, "has the extension " + extension +
                     " but its content is gzip; add .gz to its name "
                     "or say what it is in /data/format");
    }
  }
}

}  // namespace

DataFormat recognise_format(const std::string& path, DataFormat declared) {
  ByteSource source(path);
  std::string bytes(static_cast<size_t>(kLeadingBytes), '\0');
  bytes.resize(static_cast<size_t>(source.read(bytes)));
  const DataFormat content = format_of_content(path, bytes, source.compressed());
  if (declared == DataFormat::kAuto) {
    check_extension(path, content, source.compressed());
  } else if (declared != content) {
    fail(path, "/data/format says " + std::string(format_name(declared)) + " but the content is " +
                   std::string(format_name(content)) + "; correct the one or the other");
  }
  return content;
}

}  // namespace reprotrain::engine
