// SPDX-License-Identifier: Apache-2.0
#include "engine/data/csv_reader.h"

#include <algorithm>
#include <set>

#include "engine/data/category_dictionary.h"
#include "engine/data/csv_scanner.h"
#include "engine/data/number_text.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/float_state.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kMaxColumns = 1'000'000;
constexpr size_t kMaxCategoryBytes = size_t{1} << 16;
constexpr size_t kTileValues = size_t{1} << 15;  // 128 KiB: stays in the second-level cache
constexpr size_t kMaxTileRows = 64;
constexpr int64_t kFewestNumbers = 10;  // that make a column one of numbers

float missing_value() { return kernels::float_from_bits(0x7fc00000u); }

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Whether a number would have been read: as from a column of numbers.
bool is_number(std::string_view text) {
  float value;
  return parse_number(trimmed(text), value) != NumberText::kNotANumber;
}

// A text as it appears in a message: short, and without what would break the line.
std::string quoted_for_message(std::string_view text) {
  constexpr size_t kShown = 40;
  std::string shown;
  for (const char c : text.substr(0, kShown)) {
    shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  // Do not cut a UTF-8 sequence in two.
  if (text.size() > kShown) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xc0u) == 0x80u) {
      shown.pop_back();
    }
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xc0u) shown.pop_back();
    shown += "...";
  }
  return std::string("\"").append(shown).append("\"");
}

struct ColumnBuilder {
  std::string name;
  bool declared = false;  // the kind comes from the configuration
  bool numeric = true;
  std::vector<float> values;
  std::vector<int32_t> codes;
  CategoryDictionary dictionary;
  int64_t n_unread = 0;    // first rows whose texts were taken for numbers and must be read again
  std::string first_text;  // that is no number, as a message shows it
  int64_t first_text_line = 0;
};

class CsvReader {
 public:
  CsvReader(const std::string& path, const DataConfig& config, const LoadProgress& progress);
  Table read();

 private:
  static bool first_record(CsvScanner& scanner, CsvRecord& record);
  bool next_record(CsvScanner& scanner, CsvRecord& record) const;
  void read_header(const CsvRecord& record);
  void add_column(std::string name, int64_t line);
  void apply_declared_kinds();
  void read_row(const CsvRecord& record, float* row);
  float read_number(const CsvRecord& record, const char*& cursor, size_t index);
  void read_category(const CsvRecord& record, const char*& cursor, ColumnBuilder& column);
  int32_t category_code(const CsvRecord& record, std::string_view text,
                        ColumnBuilder& column) const;
  void turn_categorical(size_t index);
  void flush_tile();
  int64_t estimated_rows() const;
  void reread_unread_rows();
  void refuse_spoilt_numbers(const ColumnBuilder& builder, const Column& column) const;
  [[noreturn]] void fail_ragged(const CsvRecord& record);
  bool is_missing(std::string_view text) const;
  Table finish();

  const std::string& path_;
  const DataConfig& config_;
  const LoadProgress& progress_;
  CsvScanner scanner_;
  std::vector<ColumnBuilder> columns_;
  std::set<std::string, std::less<>> names_;
  bool numbers_can_be_missing_ = false;  // a marker such as -999 must win over its value
  std::vector<float> tile_;              // (tile_rows_, columns), row-major
  size_t tile_rows_ = 0;
  size_t n_tiled_ = 0;
  int64_t n_flushed_ = 0;
};

CsvReader::CsvReader(const std::string& path, const DataConfig& config,
                     const LoadProgress& progress)
    : path_(path), config_(config), progress_(progress), scanner_(path, config.csv) {
  for (const std::string& marker : config.csv.missing_markers) {
    double value;
    numbers_can_be_missing_ |= parse_number(marker, value) != NumberText::kNotANumber;
  }
}

bool CsvReader::first_record(CsvScanner& scanner, CsvRecord& record) {
  while (scanner.next(record)) {
    if (!record.empty()) return true;
  }
  return false;
}

// Skips lines without a byte, which in a table of one column are rows.
bool CsvReader::next_record(CsvScanner& scanner, CsvRecord& record) const {
  while (scanner.next(record)) {
    if (!record.empty() || columns_.size() == 1) return true;
  }
  return false;
}

void CsvReader::add_column(std::string name, int64_t line) {
  const std::string position = "field " + std::to_string(columns_.size() + 1) + " of the header";
  if (name.empty()) {
    scanner_.fail_at(line, "",
                     position +
                         " is empty; give every column a name or set "
                         "/data/csv/header to false");
  }
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    scanner_.fail_at(line, "",
                     position +
                         " holds a line end or another control character; give "
                         "the column a plain name");
  }
  if (!names_.insert(name).second) {
    scanner_.fail_at(line, name, "the header has this name twice; rename one of the columns");
  }
  if (columns_.size() == kMaxColumns) {
    scanner_.fail_at(line, "", "more than 1,000,000 columns; check the delimiter");
  }
  columns_.emplace_back();
  columns_.back().name = std::move(name);
}

// Makes the columns: named by the record, or c0, c1, ... as many as it has fields.
void CsvReader::read_header(const CsvRecord& record) {
  const char* cursor = record.begin;
  for (;;) {
    const std::string_view text = scanner_.take_field(record, cursor, "");
    add_column(config_.csv.has_header ? std::string(trimmed(text))
                                      : std::string("c").append(std::to_string(columns_.size())),
               record.line);
    if (cursor == record.end) break;
    ++cursor;
  }
}

void CsvReader::apply_declared_kinds() {
  Table names;
  for (const ColumnBuilder& column : columns_) names.columns.emplace_back().name = column.name;
  for (const auto& [name, kind] : config_.column_kinds) {
    const int64_t index = names.require(name, path_ + ": /data/columns/" + name);
    ColumnBuilder& column = columns_[static_cast<size_t>(index)];
    column.declared = true;
    column.numeric = kind == ColumnKind::kNumeric;
  }
}

bool CsvReader::is_missing(std::string_view text) const {
  const auto& markers = config_.csv.missing_markers;
  return std::find(markers.begin(), markers.end(), text) != markers.end();
}

void CsvReader::fail_ragged(const CsvRecord& record) {
  size_t n_fields = 0;
  for (const char* cursor = record.begin;; ++cursor) {
    scanner_.take_field(record, cursor, "");
    ++n_fields;
    if (cursor == record.end) break;
  }
  scanner_.fail_at(record.line, "",
                   "has " + std::to_string(n_fields) + " fields where the first line has " +
                       std::to_string(columns_.size()) +
                       "; check the delimiter and quote fields that contain it");
}

void CsvReader::read_row(const CsvRecord& record, float* row) {
  const char* cursor = record.begin;
  const char delimiter = config_.csv.delimiter;
  const size_t n_columns = columns_.size();
  for (size_t index = 0;; ++index) {
    ColumnBuilder& column = columns_[index];
    if (column.numeric) {
      double value;
      const char* const end = scan_short_decimal(cursor, value);
      if (end != nullptr && (*end == delimiter || end == record.end) && !numbers_can_be_missing_) {
        row[index] = static_cast<float>(value);
        cursor = end;
      } else {
        row[index] = read_number(record, cursor, index);
      }
    } else {
      read_category(record, cursor, column);
    }
    if (cursor == record.end) {
      if (index + 1 != n_columns) fail_ragged(record);
      return;
    }
    ++cursor;
    if (index + 1 == n_columns) fail_ragged(record);
  }
}

// The general way: long numbers, quotes, spaces, missing markers, and texts that are no numbers.
float CsvReader::read_number(const CsvRecord& record, const char*& cursor, size_t index) {
  ColumnBuilder& column = columns_[index];
  double wide;
  const char* const end = scan_decimal(cursor, record.end, wide);
  if (end != nullptr && (end == record.end || *end == config_.csv.delimiter) &&
      !numbers_can_be_missing_ && kernels::is_finite(static_cast<float>(wide))) {
    cursor = end;
    return static_cast<float>(wide);
  }
  const std::string_view field = scanner_.take_field(record, cursor, column.name);
  const std::string_view text = trimmed(field);
  if (is_missing(text)) return missing_value();
  float value = 0.0f;
  switch (parse_number(text, value)) {
    case NumberText::kNumber:
      return value;
    case NumberText::kTooLarge:
      scanner_.fail_at(record.line, column.name,
                       quoted_for_message(field) +
                           " is beyond the largest binary32 number; "
                           "rescale the column or declare it categorical");
    case NumberText::kNotANumber:
      break;
  }
  if (column.declared) {
    scanner_.fail_at(record.line, column.name,
                     quoted_for_message(field) +
                         " is no number; correct it, add it to the missing "
                         "markers or declare the column categorical");
  }
  column.first_text = quoted_for_message(field);
  column.first_text_line = record.line;
  turn_categorical(index);
  column.codes.push_back(category_code(record, field, column));
  return missing_value();
}

int32_t CsvReader::category_code(const CsvRecord& record, std::string_view text,
                                 ColumnBuilder& column) const {
  if (is_missing(trimmed(text))) return kMissingCode;
  if (text.size() > kMaxCategoryBytes) {
    scanner_.fail_at(record.line, column.name,
                     "a text of " + std::to_string(text.size()) +
                         " bytes is too long for a category (at most 65536); drop the column");
  }
  return column.dictionary.code_of(text);
}

void CsvReader::read_category(const CsvRecord& record, const char*& cursor, ColumnBuilder& column) {
  const std::string_view text = scanner_.take_field(record, cursor, column.name);
  column.codes.push_back(category_code(record, text, column));
}

// Rows that were missing so far need no second look: they are missing in either kind.
void CsvReader::turn_categorical(size_t index) {
  ColumnBuilder& column = columns_[index];
  const int64_t n_rows = n_flushed_ + static_cast<int64_t>(n_tiled_);
  bool any_number = std::any_of(column.values.begin(), column.values.end(),
                                [](float value) { return !kernels::is_nan(value); });
  for (size_t row = 0; row < n_tiled_; ++row) {
    any_number |= !kernels::is_nan(tile_[row * columns_.size() + index]);
  }
  column.numeric = false;
  column.n_unread = any_number ? n_rows : 0;
  std::vector<float>().swap(column.values);
  column.codes.assign(static_cast<size_t>(n_rows), kMissingCode);
}

// How many rows the file will have, from the part of its bytes that is read.
int64_t CsvReader::estimated_rows() const {
  const auto done = static_cast<double>(std::max<int64_t>(scanner_.file_bytes_done(), 1));
  const double ratio = static_cast<double>(scanner_.file_size_bytes()) / done;
  const double rows = static_cast<double>(n_flushed_ + static_cast<int64_t>(n_tiled_)) * ratio;
  return static_cast<int64_t>(std::min(rows * 1.01, 1e12)) + 16;
}

// Writing row by row would touch as many cache lines as there are columns, all at the same offset
// in their pages; a tile is turned into columns instead.
void CsvReader::flush_tile() {
  const size_t n_columns = columns_.size();
  for (size_t index = 0; index < n_columns; ++index) {
    ColumnBuilder& column = columns_[index];
    if (!column.numeric) continue;
    const size_t begin = column.values.size();
    if (column.values.capacity() < begin + n_tiled_) {
      const size_t growth =
          std::max(begin + begin / 8 + n_tiled_, static_cast<size_t>(estimated_rows()));
      column.values.reserve(growth);
    }
    column.values.resize(begin + n_tiled_);
    for (size_t row = 0; row < n_tiled_; ++row) {
      column.values[begin + row] = tile_[row * n_columns + index];
    }
  }
  n_flushed_ += static_cast<int64_t>(n_tiled_);
  n_tiled_ = 0;
}

// Second pass over the first rows, for the columns that turned out to be text later.
void CsvReader::reread_unread_rows() {
  int64_t n_rows = 0;
  for (const ColumnBuilder& column : columns_) n_rows = std::max(n_rows, column.n_unread);
  if (n_rows == 0) return;
  CsvScanner scanner(path_, config_.csv);
  CsvRecord record;
  bool more = first_record(scanner, record);
  if (config_.csv.has_header) more = next_record(scanner, record);
  for (int64_t row = 0; row < n_rows; ++row, more = next_record(scanner, record)) {
    if (!more)
      scanner.fail_at(record.line, "", "the file changed while it was read; read it again");
    const char* cursor = record.begin;
    for (ColumnBuilder& column : columns_) {
      const std::string_view text = scanner.take_field(record, cursor, column.name);
      if (row < column.n_unread) {
        column.codes[static_cast<size_t>(row)] = category_code(record, text, column);
      }
      if (cursor != record.end) ++cursor;
    }
  }
}

Table CsvReader::read() {
  CsvRecord record;
  if (!first_record(scanner_, record)) {
    scanner_.fail_at(1, "", "the file has no header and no rows; check how it was written");
  }
  read_header(record);
  apply_declared_kinds();
  tile_rows_ = std::clamp<size_t>(kTileValues / columns_.size(), 1, kMaxTileRows);
  tile_.resize(tile_rows_ * columns_.size());

  bool more = !config_.csv.has_header || next_record(scanner_, record);
  if (!more) scanner_.fail_at(record.line, "", "a header and no rows; check how it was written");
  int64_t reported = 0;
  for (; more; more = next_record(scanner_, record)) {
    read_row(record, tile_.data() + n_tiled_ * columns_.size());
    if (++n_tiled_ < tile_rows_) continue;
    flush_tile();
    const int64_t done = scanner_.file_bytes_done();
    if (progress_ && done - reported > scanner_.file_size_bytes() / 100) {
      progress_(done, scanner_.file_size_bytes());
      reported = done;
    }
  }
  flush_tile();
  reread_unread_rows();
  if (progress_) progress_(scanner_.file_size_bytes(), scanner_.file_size_bytes());
  return finish();
}

// A column of numbers with a few faulty cells is hardly meant as one of categories.
void CsvReader::refuse_spoilt_numbers(const ColumnBuilder& builder, const Column& column) const {
  if (builder.first_text.empty()) return;  // declared
  std::vector<int64_t> is_number_of_code;
  for (const std::string& text : column.categories) is_number_of_code.push_back(is_number(text));
  int64_t n_cells = 0;
  int64_t n_numbers = 0;
  for (const int32_t code : column.codes) {
    if (code == kMissingCode) continue;
    ++n_cells;
    n_numbers += is_number_of_code[static_cast<size_t>(code)];
  }
  if (n_numbers < kFewestNumbers || 10 * n_numbers < 9 * n_cells) return;
  scanner_.fail_at(builder.first_text_line, column.name,
                   builder.first_text + " is no number, but " + std::to_string(n_numbers) + " of " +
                       std::to_string(n_cells) +
                       " cells of this column are; correct it, add it to /data/csv/missing, or "
                       "declare the column \"categorical\" in /data/columns");
}

Table CsvReader::finish() {
  Table table;
  table.n_rows = n_flushed_;
  for (ColumnBuilder& builder : columns_) {
    Column& column = table.columns.emplace_back();
    column.name = std::move(builder.name);
    if (builder.numeric) {
      column.kind = ColumnKind::kNumeric;
      column.values = std::move(builder.values);
      // Room that the estimate reserved and no row used was never touched; real slack is given
      // back.
      if (column.values.capacity() > column.values.size() + column.values.size() / 4) {
        column.values.shrink_to_fit();
      }
    } else {
      column.kind = ColumnKind::kCategorical;
      column.codes = std::move(builder.codes);
      column.categories = builder.dictionary.finish(column.codes);
      refuse_spoilt_numbers(builder, column);
    }
  }
  return table;
}

}  // namespace

Table read_csv(const std::string& path, const DataConfig& config, const LoadProgress& progress) {
  const kernels::StrictFloatScope strict;
  return CsvReader(path, config, progress).read();
}

}  // namespace reprotrain::engine
