// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_column.h"

#include <cassert>
#include <type_traits>

#include "engine/data/little_endian.h"
#include "engine/data/number_text.h"
#include "include/reprotrain/error.h"
#include "kernels/base/float_bits.h"

namespace reprotrain::engine {

namespace {

/// binary16 has no C++ type of its own here.
struct Half {
  uint16_t bits;
};

template <typename T>
T load(const std::byte* bytes) {
  if constexpr (std::is_same_v<T, Half>) {
    return {load_little_endian<uint16_t>(bytes)};
  } else {
    return load_little_endian<T>(bytes);
  }
}

float to_float(Half value) { return kernels::canonical(half_to_float(value.bits)); }
template <typename T>
float to_float(T value) {
  return kernels::canonical(static_cast<float>(value));
}

template <typename T>
bool overflows(T value) {
  if constexpr (std::is_same_v<T, double>) {
    return kernels::is_finite(value) && !kernels::is_finite(static_cast<float>(value));
  } else {
    return false;
  }
}

template <typename T>
std::string decimal(T value) {
  if constexpr (std::is_same_v<T, Half>) {
    return shortest_decimal(half_to_float(value.bits));
  } else if constexpr (std::is_floating_point_v<T>) {
    return shortest_decimal(value);
  } else {
    return std::to_string(value);
  }
}

template <typename T>
bool is_missing(T value) {
  if constexpr (std::is_same_v<T, Half>) {
    return kernels::is_nan(half_to_float(value.bits));
  } else if constexpr (std::is_floating_point_v<T>) {
    return kernels::is_nan(value);
  } else {
    return false;
  }
}

/// Calls `body.template operator()<T>()` with the C++ type of a number.
template <typename Body>
void with_number_type(const Hdf5Type& type, const Body& body) {
  if (type.type_class == Hdf5Class::kFloat) {
    switch (type.size_bytes) {
      case 2:
        return body.template operator()<Half>();
      case 4:
        return body.template operator()<float>();
      default:
        return body.template operator()<double>();
    }
  }
  switch (type.size_bytes) {
    case 1:
      return type.is_signed ? body.template operator()<int8_t>()
                            : body.template operator()<uint8_t>();
    case 2:
      return type.is_signed ? body.template operator()<int16_t>()
                            : body.template operator()<uint16_t>();
    case 4:
      return type.is_signed ? body.template operator()<int32_t>()
                            : body.template operator()<uint32_t>();
    default:
      return type.is_signed ? body.template operator()<int64_t>()
                            : body.template operator()<uint64_t>();
  }
}

}  // namespace

float half_to_float(uint16_t half) {
  const uint32_t sign = uint32_t{half} >> 15 << 31;
  const uint32_t exponent = uint32_t{half} >> 10 & 0x1Fu;
  const uint32_t mantissa = uint32_t{half} & 0x3FFu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;  // exact
    return kernels::float_from_bits(sign | kernels::bits_of(magnitude));
  }
  const uint32_t wide = exponent == 0x1F ? 0xFFu : exponent + 112;
  return kernels::float_from_bits(sign | wide << 23 | mantissa << 13);
}

bool is_boolean(const Hdf5Type& type) {
  const std::vector<Hdf5Enumerator> boolean = {{"FALSE", 0}, {"TRUE", 1}};
  return type.type_class == Hdf5Class::kEnum && type.enumerators == boolean;
}

ColumnCollector::ColumnCollector(std::string place, const Hdf5Type& type, CollectAs as,
                                 int64_t n_expected)
    : place_(std::move(place)), type_(type), as_(as) {
  assert(type.type_class != Hdf5Class::kCompound);
  const bool names = type.type_class == Hdf5Class::kString ||
                     (type.type_class == Hdf5Class::kEnum && !is_boolean(type));
  categorical_ = as == CollectAs::kCategories || (as == CollectAs::kInferred && names);
  column_.kind = categorical_ ? ColumnKind::kCategorical : ColumnKind::kNumeric;
  const auto n = static_cast<size_t>(n_expected);
  if (categorical_ || as == CollectAs::kCodes) {
    column_.codes.reserve(n);
  } else if (as == CollectAs::kInferred) {
    column_.values.reserve(n);
  }
}

void ColumnCollector::append(std::span<const std::byte> elements) {
  const bool dense_numbers = as_ == CollectAs::kInferred && !categorical_;
  if (dense_numbers) {
    with_number_type(type_, [&]<typename T>() { append_numbers<T>(elements); });
    return;
  }
  while (!elements.empty()) append_one(elements);
}

void ColumnCollector::append_one(std::span<const std::byte>& elements) {
  if (type_.type_class == Hdf5Class::kString) {
    const std::string_view text = take_text(elements);
    if (as_ == CollectAs::kTexts) {
      column_.categories.emplace_back(text);
    } else {
      append_category(text);
    }
  } else {
    const auto size = static_cast<size_t>(type_.size_bytes);
    append_value(elements.first(size));
    elements = elements.subspan(size);
  }
}

void ColumnCollector::append_value(std::span<const std::byte> element) {
  if (as_ == CollectAs::kCodes) {
    column_.codes.push_back(load_little_endian<int32_t>(element.data()));
    ++n_seen_;
  } else if (!categorical_) {
    with_number_type(type_, [&]<typename T>() { append_numbers<T>(element); });
  } else if (type_.type_class == Hdf5Class::kEnum) {
    append_enumerator(element);
  } else {
    append_number_text(element);
  }
}

template <typename T>
void ColumnCollector::append_numbers(std::span<const std::byte> elements) {
  const size_t n = elements.size() / sizeof(T);
  const size_t end = column_.values.size();
  column_.values.resize(end + n);
  for (size_t i = 0; i < n; ++i) {
    const T value = load<T>(elements.data() + i * sizeof(T));
    if (overflows(value)) {
      n_seen_ += static_cast<int64_t>(i);
      fail(decimal(value) + ", which binary32 cannot hold; rescale the values");
    }
    column_.values[end + i] = to_float(value);
  }
  n_seen_ += static_cast<int64_t>(n);
}

void ColumnCollector::append_number_text(std::span<const std::byte> element) {
  with_number_type(type_, [&]<typename T>() {
    const T value = load<T>(element.data());
    if (!is_missing(value)) return append_category(decimal(value));
    column_.codes.push_back(kMissingCode);
    ++n_seen_;
  });
}

void ColumnCollector::append_enumerator(std::span<const std::byte> element) {
  uint64_t bits = 0;
  std::memcpy(&bits, element.data(), element.size());
  for (const Hdf5Enumerator& enumerator : type_.enumerators) {
    if (enumerator.bits == bits) return append_category(enumerator.name);
  }
  fail("a value that its enum has no name for; write the data again");
}

void ColumnCollector::append_category(std::string_view text) {
  column_.codes.push_back(dictionary_.code_of(text));
  ++n_seen_;
}

void ColumnCollector::fail(const std::string& sentence) const {
  throw Error(ErrorKind::kData,
              place_ + ": element " + std::to_string(n_seen_) + " is " + sentence);
}

Column ColumnCollector::finish() {
  if (categorical_) column_.categories = dictionary_.finish(column_.codes);
  return std::move(column_);
}

void make_numeric(Column& column, const std::string& place) {
  std::vector<float> value_of;
  for (const std::string& text : column.categories) {
    float value = kernels::float_from_bits(0x7fc00000u);
    if (!text.empty() && parse_number(text, value) != NumberText::kNumber) {
      throw Error(ErrorKind::kData, place + ": \"" + text +
                                        "\" is not a number; make the column categorical or mend "
                                        "the text");
    }
    value_of.push_back(value);
  }
  column.kind = ColumnKind::kNumeric;
  column.values.reserve(column.codes.size());
  for (const int32_t code : column.codes) {
    column.values.push_back(code == kMissingCode ? kernels::float_from_bits(0x7fc00000u)
                                                 : value_of[static_cast<size_t>(code)]);
  }
  column.codes = {};
  column.categories = {};
}

}  // namespace reprotrain::engine
