// SPDX-License-Identifier: Apache-2.0
#include "harness/record/trace.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/data/atomic_file.h"
#include "include/reprotrain/error.h"
#include "kernels/digest/sha256.h"

namespace reprotrain::harness {

namespace {

// Objects keep the order in which they were filled: a line is written as it reads best, and read
// back to the same bytes.
using OrderedJson = nlohmann::ordered_json;

const char* const kGenesis = "reprotrain trace 1";

/// Appends a JSON string. Names and digests are plain, so that most texts are copied as they are.
void append_quoted(std::string_view text, std::string& line) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (!is_plain) {
    line += nlohmann::json(text).dump();
    return;
  }
  line += '"';
  line += text;
  line += '"';
}

void append_member(std::string_view name, std::string_view text, std::string& line) {
  append_quoted(name, line);
  line += ':';
  append_quoted(text, line);
}

/// The line of an entry without its chain value: a JSON object.
std::string body_of(const TraceEntry& entry) {
  std::string line =
      "{\"step\":" + std::to_string(entry.step) + ",\"epoch\":" + std::to_string(entry.epoch) + ",";
  append_member("loss", entry.loss, line);
  if (!entry.epoch_end) {
    line += ',';
    append_member("batch", entry.batch, line);
  }
  line += entry.epoch_end ? ",\"epoch_end\":{" : ",\"tensors\":{";
  bool is_first = true;
  for (const auto& [name, digest] : entry.tensors) {
    if (!std::exchange(is_first, false)) line += ',';
    append_member(name, digest, line);
  }
  return line + "}}";
}

std::string chain_after(const std::string& previous, const std::string& body) {
  return kernels::sha256_hex(previous + "\n" + body);
}

/// The body with its chain value, its last member.
std::string line_of(std::string body, const std::string& chain) {
  body.pop_back();
  body += ',';
  append_member("chain", chain, body);
  return body + '}';
}

TraceEntry entry_of(const OrderedJson& line) {
  TraceEntry entry;
  entry.epoch_end = line.contains("epoch_end");
  entry.step = line.at("step").get<int64_t>();
  entry.epoch = line.at("epoch").get<int64_t>();
  entry.loss = line.at("loss").get<std::string>();
  if (!entry.epoch_end) entry.batch = line.at("batch").get<std::string>();
  for (const auto& [name, digest] : line.at(entry.epoch_end ? "epoch_end" : "tensors").items()) {
    entry.tensors.emplace_back(name, digest.get<std::string>());
  }
  entry.chain = line.at("chain").get<std::string>();
  return entry;
}

/// Parses one line and checks its link; returns a complaint or nothing.
std::string accept_line(std::string_view text, ReadTrace& trace) {
  const OrderedJson line = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (line.is_discarded() || !line.is_object()) return "is not JSON";
  try {
    TraceEntry entry = entry_of(line);
    const std::string expected = body_of(entry);
    const std::string chain = chain_after(trace.head, expected);
    if (line_of(expected, chain) != text) return "does not follow from the lines before it";
    trace.head = chain;
    trace.entries.push_back(std::move(entry));
    return {};
  } catch (const nlohmann::json::exception&) {
    return "lacks a member";
  }
}

}  // namespace

std::string hex_float(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  char* begin = buffer;
  if (std::signbit(value)) *begin++ = '-';
  *begin++ = '0';
  *begin++ = 'x';
  const auto [end, code] =
      std::to_chars(begin, buffer + sizeof buffer, std::fabs(value), std::chars_format::hex);
  return {buffer, end};
}

ReadTrace read_trace(const std::string& path) {
  ReadTrace trace;
  trace.head = kernels::sha256_hex(std::string_view(kGenesis));
  const std::string content = engine::read_file(path);
  size_t begin = 0;
  for (int64_t number = 1; begin < content.size(); ++number) {
    const std::string where = path + ":" + std::to_string(number) + ": ";
    const size_t end = content.find('\n', begin);
    if (end == std::string::npos) {
      trace.complaint = where + "the last line is cut off";
      break;
    }
    const std::string_view line(content.data() + begin, end - begin);
    const std::string complaint = accept_line(line, trace);
    if (!complaint.empty()) {
      trace.complaint = where + "the line " + complaint;
      break;
    }
    begin = end + 1;
    trace.sound_bytes = static_cast<int64_t>(begin);
    trace.end_of_entry.push_back(trace.sound_bytes);
  }
  return trace;
}

TraceWriter::TraceWriter(const std::string& path, int64_t first_step, const std::string& head)
    : path_(path) {
  head_ = kernels::sha256_hex(std::string_view(kGenesis));
  int64_t keep_bytes = 0;
  if (first_step > 0 && std::filesystem::exists(path)) {
    const ReadTrace old = read_trace(path);
    for (size_t i = 0; i < old.entries.size() && old.entries[i].step <= first_step; ++i) {
      keep_bytes = old.end_of_entry[i];
      head_ = old.entries[i].chain;
    }
  }
  if (first_step > 0 && head_ != head) {
    throw Error(ErrorKind::kEvidence, path + ": does not lead to the checkpoint of step " +
                                          std::to_string(first_step) +
                                          "; it was damaged; start over with --force");
  }
  stream_.open(path, std::ios::binary | std::ios::out | std::ios::app);
  if (stream_) {
    std::error_code code;
    std::filesystem::resize_file(path, static_cast<uintmax_t>(keep_bytes), code);
    if (code) stream_.setstate(std::ios::failbit);
  }
  flush();
  engine::sync_directory(std::filesystem::path(path).parent_path().string());
}

void TraceWriter::append_step(const engine::StepReport& report) {
  TraceEntry entry;
  entry.step = report.step;
  entry.epoch = report.epoch;
  entry.loss = hex_float(static_cast<double>(report.loss));
  entry.batch = report.batch_digest;
  entry.tensors = report.tensors;
  append(std::move(entry));
}

void TraceWriter::append_epoch(const engine::EpochReport& report) {
  TraceEntry entry;
  entry.epoch_end = true;
  entry.step = report.step;
  entry.epoch = report.epoch;
  entry.loss = hex_float(report.train_loss);
  for (const auto& [name, value] : report.validation) {
    entry.tensors.emplace_back(name, hex_float(value));
  }
  append(std::move(entry));
}

void TraceWriter::append(TraceEntry entry) {
  std::string body = body_of(entry);
  head_ = chain_after(head_, body);
  stream_ << line_of(std::move(body), head_) << '\n';
  if (!stream_) flush();
}

void TraceWriter::sync() {
  flush();
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) {
    throw Error(ErrorKind::kEnvironment,
                path_ + ": cannot be synced; check the disk and go on with --resume");
  }
}

void TraceWriter::flush() {
  stream_.flush();
  if (stream_) return;
  throw Error(ErrorKind::kEnvironment,
              path_ + ": cannot write the trace; free some space or choose another --out");
}

}  // namespace reprotrain::harness
