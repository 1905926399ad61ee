// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_wire_checker.h"

#include <algorithm>
#include <cassert>

#include "engine/data/hdf5_encoding.h"
#include "engine/data/utf8.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr size_t kMaxRefusalBytes = 2000;
constexpr uint64_t kMaxHeaderBytes = uint64_t{64} << 20;
constexpr uint64_t kPieceSlackBytes = uint64_t{2} << 20;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A sentence from the child, fit for a terminal whatever it holds.
std::string printable(std::string_view text) {
  std::string result(text.substr(0, kMaxRefusalBytes));
  const bool sound = is_utf8(result);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !sound)) c = '?';
  }
  return result;
}

}  // namespace

void WireChecker::fail(const std::string& sentence) const {
  throw Error(ErrorKind::kData, path_ + ": " + sentence);
}

void WireChecker::require(bool sound) const {
  if (!sound) {
    fail("its parser returned nonsense, as for a damaged or malicious HDF5 file; get a new copy");
  }
}

void WireChecker::check_header(const WireHeader& header) const {
  require(header.magic == kWireMagic && !finished_);
  uint64_t most = 0;
  switch (static_cast<WireKind>(header.kind)) {
    case WireKind::kData:
      most = static_cast<uint64_t>(limits_.element_bytes) + kPieceSlackBytes;
      break;
    case WireKind::kRefusal:
      most = uint64_t{1} << 20;
      break;
    default:
      most = kMaxHeaderBytes;
  }
  require(header.size_bytes <= most);
}

void WireChecker::accept(WireKind kind, std::span<const std::byte> payload) {
  switch (kind) {
    case WireKind::kBeginGroup:
      return begin_group(as_text(payload));
    case WireKind::kEndGroup:
      return end_group();
    case WireKind::kBeginDataset:
      return begin_dataset(as_text(payload));
    case WireKind::kEndDataset:
      return end_dataset();
    case WireKind::kBeginAttribute:
      return begin_attribute(as_text(payload));
    case WireKind::kEndAttribute:
      return end_attribute();
    case WireKind::kData:
      return accept_data(payload);
    case WireKind::kRefusal:
      fail(printable(as_text(payload)));
    case WireKind::kFinished:
      require(n_objects_ > 0 && open_.empty());
      finished_ = true;
      return;
  }
  require(false);
}

void WireChecker::begin_group(std::string_view payload) {
  EncodingReader reader(payload);
  const auto name = reader.name();
  require(name.has_value() && reader.at_end());
  open_object(*name, false);
  if (open_.size() > static_cast<size_t>(limits_.depth)) {
    fail(place() + " is nested more than " + std::to_string(limits_.depth) +
         " deep; copy the wanted part to a new file");
  }
  visitor_.begin_group(*name);
}

void WireChecker::end_group() {
  innermost(false);
  open_.pop_back();
  visitor_.end_group();
}

void WireChecker::begin_dataset(std::string_view payload) {
  EncodingReader reader(payload);
  const auto name = reader.name();
  const auto header = reader.header();
  require(name.has_value() && header.has_value() && reader.at_end() && !open_.empty());
  open_object(*name, true);
  OpenObject& dataset = open_.back();
  dataset.value = expect(*header, decoded_bytes_left_, place());
  decoded_bytes_left_ -=
      std::max<int64_t>(fixed_element_bytes(header->type), 0) * header->n_elements();
  visitor_.begin_dataset(*name, *header);
}

void WireChecker::end_dataset() {
  require(innermost(true).value.elements_left == 0);
  open_.pop_back();
  visitor_.end_dataset();
}

void WireChecker::begin_attribute(std::string_view payload) {
  EncodingReader reader(payload);
  const auto name = reader.name();
  const auto header = reader.header();
  require(name.has_value() && header.has_value() && reader.at_end() && !open_.empty() &&
          !attribute_);
  OpenObject& object = open_.back();
  require(!object.past_attributes && *name > object.last_attribute);
  object.last_attribute = *name;
  count_object();
  attribute_ = expect(*header, limits_.attribute_bytes, "attribute " + *name + " of " + place());
  visitor_.begin_attribute(*name, *header);
}

void WireChecker::end_attribute() {
  require(attribute_.has_value() && attribute_->elements_left == 0);
  attribute_.reset();
  visitor_.end_attribute();
}

void WireChecker::accept_data(std::span<const std::byte> elements) {
  require(attribute_.has_value() || (!open_.empty() && open_.back().is_dataset));
  if (!attribute_) open_.back().past_attributes = true;
  Value& value = attribute_ ? *attribute_ : open_.back().value;
  const int64_t n = count_elements(value.type, elements);
  if (n < 0 && fixed_element_bytes(value.type) < 0) {
    fail(place() + " holds text that is not UTF-8; convert it to UTF-8 first");
  }
  require(n > 0 && n <= value.elements_left);
  value.elements_left -= n;
  value.bytes_left -= static_cast<int64_t>(elements.size());
  if (value.bytes_left < 0) fail(place() + " decodes to more bytes than allowed; split the file");
  if (!attribute_ && fixed_element_bytes(value.type) < 0) {
    decoded_bytes_left_ -= static_cast<int64_t>(elements.size());
  }
  visitor_.data(elements);
}

/// Checks the name of a new object against its place and makes it the innermost one.
void WireChecker::open_object(const std::string& name, bool is_dataset) {
  require(!attribute_);
  count_object();
  if (open_.empty()) {
    require(name.empty() && n_objects_ == 1);
    open_.push_back({});
    return;
  }
  OpenObject& parent = open_.back();
  require(!parent.is_dataset && name > parent.last_link && name.find('/') == std::string::npos);
  parent.last_link = name;
  parent.past_attributes = true;
  OpenObject child;
  child.is_dataset = is_dataset;
  child.path = parent.path + "/" + name;
  open_.push_back(std::move(child));
}

void WireChecker::count_object() {
  if (++n_objects_ > limits_.n_objects) {
    fail("holds more than " + std::to_string(limits_.n_objects) +
         " groups, datasets and attributes; copy the wanted part to a new file");
  }
}

WireChecker::OpenObject& WireChecker::innermost(bool is_dataset) {
  require(!attribute_ && !open_.empty() && open_.back().is_dataset == is_dataset);
  return open_.back();
}

/// The bookkeeping for a value of this type and shape, which must be possible within `limit_bytes`.
WireChecker::Value WireChecker::expect(const Hdf5Header& header, int64_t limit_bytes,
                                       const std::string& where) const {
  int64_t smallest = 0;
  for (const Hdf5Leaf& leaf : leaves(header.type)) {
    smallest += leaf.type_class == Hdf5Class::kString ? 4 : leaf.size_bytes;
  }
  int64_t total = smallest;
  bool overflow = false;
  for (const int64_t extent : header.shape) {
    if (extent == 0) return {header.type, 0, 0};
    overflow = overflow || __builtin_mul_overflow(total, extent, &total);
  }
  if (overflow || total > limit_bytes) {
    fail(where + " decodes to more than the " + std::to_string(limit_bytes) +
         " bytes that are allowed; split the file, or check that its shape is meant");
  }
  return {header.type, header.n_elements(), limit_bytes};
}

std::string WireChecker::place() const {
  assert(!open_.empty());
  const OpenObject& object = open_.back();
  if (object.path.empty()) return "the root group";
  return (object.is_dataset ? "dataset " : "group ") + object.path;
}

}  // namespace reprotrain::engine
