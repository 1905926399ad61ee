// SPDX-License-Identifier: Apache-2.0
#include "engine/data/csv_scanner.h"

#include <algorithm>
#include <cstring>

#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;

const char* find_byte(const char* begin, const char* end, char byte) {
  return static_cast<const char*>(std::memchr(begin, byte, static_cast<size_t>(end - begin)));
}

int64_t count_byte(const char* begin, const char* end, char byte) {
  if (find_byte(begin, end, byte) == nullptr) return 0;  // the usual case, at memory speed
  return std::count(begin, end, byte);
}

void check_separator(char separator, const char* key) {
  const auto byte = static_cast<unsigned char>(separator);
  const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
  const bool numeric = (byte >= '0' && byte <= '9') || byte == '.' || byte == '+' || byte == '-';
  if (letter || numeric || byte == '\n' || byte == '\r' || byte == 0 || byte >= 0x80) {
    throw Error(ErrorKind::kConfig, std::string(key) +
                                        ": must be one ASCII character that is no letter, digit, "
                                        "sign, point or line end");
  }
}

}  // namespace

CsvScanner::CsvScanner(const std::string& path, const CsvOptions& options)
    : path_(path), delimiter_(options.delimiter), quote_(options.quote), source_(path) {
  check_separator(delimiter_, "/data/csv/delimiter");
  check_separator(quote_, "/data/csv/quote");
  if (delimiter_ == quote_) {
    throw Error(ErrorKind::kConfig, "/data/csv/quote: must differ from the delimiter");
  }
  refill();
  skip_byte_order_mark();
  choose_line_end();
}

void CsvScanner::fail_at(int64_t line, std::string_view column, const std::string& rest) const {
  std::string place = path_ + ": line " + std::to_string(line);
  if (!column.empty()) place += ", column \"" + std::string(column) + "\"";
  throw Error(ErrorKind::kData, place + ": " + rest);
}

// Keeps the unread part of the buffer and reads at least one more block behind it.
void CsvScanner::refill() {
  const size_t n_kept = limit_ - cursor_;
  constexpr auto kMaxKept = static_cast<size_t>(kMaxRecordBytes);
  if (n_kept >= kMaxKept) {
    fail_at(line_, "", "the record is longer than 64 MiB; close its quotes or check the delimiter");
  }
  if (n_kept > 0) std::memmove(buffer_.data(), buffer_.data() + cursor_, n_kept);
  cursor_ = 0;
  limit_ = n_kept;
  size_t wanted = std::min(n_kept + std::max(kBlockBytes, n_kept), kMaxKept + kBlockBytes);
  if (!source_.compressed()) {  // a small file needs no large buffer; one byte more shows its end
    const int64_t n_left = std::max<int64_t>(source_.file_size_bytes() - bytes_read_, 0);
    wanted = std::min(wanted, n_kept + static_cast<size_t>(n_left) + 1);
  }
  // One spare byte for the line end that a file may lack.
  if (buffer_.size() < wanted + 1) buffer_.resize(wanted + 1);
  const size_t room = buffer_.size() - 1 - n_kept;
  const int64_t n = source_.read({buffer_.data() + n_kept, room});
  limit_ += static_cast<size_t>(n);
  bytes_read_ += n;
  at_end_ = static_cast<size_t>(n) < room;
  check_encoding(n_kept);
  if (at_end_) buffer_[limit_] = '\n';
}

void CsvScanner::check_encoding(size_t begin) {
  const char* const data = buffer_.data();
  if (bytes_read_ == static_cast<int64_t>(limit_) && limit_ >= 2 && cursor_ == 0 && begin == 0) {
    if (std::memcmp(data, "\xff\xfe", 2) == 0 || std::memcmp(data, "\xfe\xff", 2) == 0) {
      fail_at(1, "", "the text is UTF-16; save it as UTF-8");
    }
  }
  const int64_t fault = utf8_.find_fault({data + begin, limit_ - begin});
  const bool cut_short = fault < 0 && at_end_ && !utf8_.complete();
  if (fault < 0 && !cut_short) return;
  const char* const place = cut_short ? data + limit_ - 1 : data + begin + fault;
  const int64_t line = line_of({data, place, line_}, place);
  fail_at(line, "",
          *place == 0 ? "holds a NUL byte, so this is no UTF-8 text (UTF-16 or binary?); "
                        "save it as UTF-8"
                      : "holds a byte that is not UTF-8; save the file as UTF-8");
}

void CsvScanner::skip_byte_order_mark() {
  if (limit_ >= 3 && std::memcmp(buffer_.data(), "\xef\xbb\xbf", 3) == 0) cursor_ = 3;
}

// A lone CR ends lines only where the first line ends in one.
void CsvScanner::choose_line_end() {
  bool quoted = false;
  for (size_t i = cursor_; i < limit_; ++i) {
    const char byte = buffer_[i];
    if (byte == quote_) quoted = !quoted;
    if (quoted || (byte != '\n' && byte != '\r')) continue;
    if (byte == '\r' && i + 1 < limit_ && buffer_[i + 1] != '\n') line_end_ = '\r';
    return;
  }
}

int64_t CsvScanner::line_of(const CsvRecord& record, const char* position) const {
  return record.line + std::count(record.begin, position, line_end_);
}

// A line end closes the record when the number of quotes before it is even. Returns nullptr when
// the file ended first.
const char* CsvScanner::find_record_end() {
  size_t searched = cursor_;
  int64_t n_quotes = 0;
  for (;;) {
    const char* const begin = buffer_.data() + searched;
    const char* const limit = buffer_.data() + limit_;
    const char* const found = find_byte(begin, limit, line_end_);
    const char* const stop = found != nullptr ? found : limit;
    n_quotes += count_byte(begin, stop, quote_);
    if (found != nullptr && n_quotes % 2 == 0) return found;
    searched = static_cast<size_t>(stop - buffer_.data()) + (found != nullptr ? 1 : 0);
    if (found != nullptr) continue;
    if (at_end_) return nullptr;
    const size_t n_searched = searched - cursor_;
    refill();
    searched = cursor_ + n_searched;
  }
}

bool CsvScanner::next(CsvRecord& record) {
  const char* const found = find_record_end();
  const char* const begin = buffer_.data() + cursor_;
  const char* end = found != nullptr ? found : buffer_.data() + limit_;
  if (found == nullptr && begin == end) return false;
  const size_t next_cursor = static_cast<size_t>(end - buffer_.data()) + (found != nullptr ? 1 : 0);
  if (line_end_ == '\n' && end > begin && end[-1] == '\r') --end;
  record = {begin, end, line_};
  line_ += 1 + count_byte(begin, end, line_end_);
  cursor_ = next_cursor;
  return true;
}

std::string_view CsvScanner::take_field(const CsvRecord& record, const char*& cursor,
                                        std::string_view column) {
  const char* const begin = cursor;
  if (begin != record.end && *begin == quote_) return take_quoted_field(record, cursor, column);
  for (; cursor != record.end && *cursor != delimiter_; ++cursor) {
    if (*cursor == quote_) {
      fail_at(record.line, column,
              "a quote stands inside a field that does not start with one; enclose the whole field "
              "in quotes and double the quotes in it");
    }
    if (*cursor == '\r' || *cursor == '\n') {
      fail_at(record.line, column,
              "a stray line-end character stands inside the record; use one "
              "kind of line end");
    }
  }
  return {begin, static_cast<size_t>(cursor - begin)};
}

std::string_view CsvScanner::take_quoted_field(const CsvRecord& record, const char*& cursor,
                                               std::string_view column) {
  const char* const opening = cursor;
  const char* begin = cursor + 1;
  bool doubled = false;
  for (;;) {
    const char* const quote = find_byte(begin, record.end, quote_);
    if (quote == nullptr) {
      fail_at(line_of(record, opening), column, "the quote opened here is never closed; close it");
    }
    cursor = quote + 1;
    const bool closes = cursor == record.end || *cursor != quote_;
    if (closes && !doubled) {
      if (cursor != record.end && *cursor != delimiter_) break;
      return {begin, static_cast<size_t>(quote - begin)};
    }
    if (!doubled) unquoted_.clear();
    doubled = true;
    unquoted_.append(begin, closes ? quote : cursor);  // with one of the two quotes
    if (closes) {
      if (cursor != record.end && *cursor != delimiter_) break;
      return unquoted_;
    }
    begin = cursor + 1;
  }
  fail_at(line_of(record, cursor), column,
          "text follows the closing quote of a field; put a delimiter there or double the quote");
}

int64_t CsvScanner::file_bytes_done() const {
  if (bytes_read_ == 0) return 0;
  const double consumed = static_cast<double>(bytes_read_ - static_cast<int64_t>(limit_ - cursor_));
  return static_cast<int64_t>(static_cast<double>(source_.file_bytes_done()) * consumed /
                              static_cast<double>(bytes_read_));
}

}  // namespace reprotrain::engine
