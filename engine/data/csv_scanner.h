// SPDX-License-Identifier: Apache-2.0
// Cuts a CSV file (RFC 4180) into records and fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/byte_source.h"
#include "engine/data/data_config.h"
#include "engine/data/utf8.h"

namespace reprotrain::engine {

/// One record, whole in memory and without its line end. The byte at `end` belongs to a line end,
/// so scanning for a digit or a delimiter always stops there.
struct CsvRecord {
  const char* begin = nullptr;
  const char* end = nullptr;
  int64_t line = 0;  ///< of its first byte, from 1
  bool empty() const { return begin == end; }
};

/// Streams the records of a file, holding one block of it (or one record, where that is longer).
///
/// Lines end in LF, CRLF or CR; the first line end decides between CR and the other two. A field
/// that starts with the quote runs to the next single quote and may hold delimiters, line ends and
/// doubled quotes; a quote anywhere else is an error. A UTF-8 byte order mark is skipped; UTF-16,
/// NUL bytes and text that is not UTF-8 are refused. Errors are Error(kData) naming file, line and
/// column.
class CsvScanner {
 public:
  static constexpr int64_t kMaxRecordBytes = int64_t{64} << 20;

  CsvScanner(const std::string& path, const CsvOptions& options);

  /// The next record; false at the end of the file. It is valid until the next call.
  bool next(CsvRecord& record);

  /// Takes the field at `cursor` and moves `cursor` to the delimiter after it or to `record.end`.
  /// The text, unquoted, is valid until the next call. `column` names the column in messages.
  std::string_view take_field(const CsvRecord& record, const char*& cursor,
                              std::string_view column);

  /// Bytes of the file up to the end of the last record (an estimate for gzip), and of the whole
  /// file.
  int64_t file_bytes_done() const;
  int64_t file_size_bytes() const { return source_.file_size_bytes(); }

  [[noreturn]] void fail_at(int64_t line, std::string_view column, const std::string& rest) const;

 private:
  void refill();
  void check_encoding(size_t begin);
  void skip_byte_order_mark();
  void choose_line_end();
  const char* find_record_end();
  std::string_view take_quoted_field(const CsvRecord& record, const char*& cursor,
                                     std::string_view column);
  int64_t line_of(const CsvRecord& record, const char* position) const;

  std::string path_;
  char delimiter_;
  char quote_;
  char line_end_ = '\n';
  ByteSource source_;
  Utf8Checker utf8_;
  std::vector<char> buffer_;
  size_t cursor_ = 0;  // start of the next record in buffer_
  size_t limit_ = 0;   // end of the data in buffer_
  int64_t bytes_read_ = 0;
  bool at_end_ = false;
  int64_t line_ = 1;  // of cursor_
  std::string unquoted_;
};

}  // namespace reprotrain::engine
