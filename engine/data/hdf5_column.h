// SPDX-License-Identifier: Apache-2.0
// Logical bytes of HDF5 values -> the values of a column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/category_dictionary.h"
#include "engine/data/hdf5_type.h"
#include "engine/data/table.h"

namespace reprotrain::engine {

/// What values become.
enum class CollectAs {
  kInferred,    ///< numbers and booleans numeric, texts and enums categorical
  kCategories,  ///< categorical whatever they are: numbers as their shortest decimal
  kCodes,       ///< int32 as they are (canonical datasets)
  kTexts,       ///< strings one by one (names)
};

/// An enum with exactly FALSE = 0 and TRUE = 1, as h5py and NumPy write booleans.
bool is_boolean(const Hdf5Type& type);

/// Collects the values of one dataset, or of one member of a compound.
///
/// Numbers become binary32 by one rounding, to nearest even; NaN is missing. Errors are
/// Error(kData) that start with `place`, "data.h5: dataset /x", and count elements from 0.
class ColumnCollector {
 public:
  /// `type` is no compound.
  ColumnCollector(std::string place, const Hdf5Type& type, CollectAs as, int64_t n_expected);

  /// Takes a whole run of elements.
  void append(std::span<const std::byte> elements);
  /// Takes one element from the front.
  void append_one(std::span<const std::byte>& elements);

  bool is_categorical() const noexcept { return categorical_; }

  /// Everything collected, as `values`, or as `codes` and `categories`; kTexts as `categories`
  /// alone.
  Column finish();

 private:
  template <typename T>
  void append_numbers(std::span<const std::byte> elements);
  void append_number_text(std::span<const std::byte> element);
  void append_enumerator(std::span<const std::byte> element);
  void append_value(std::span<const std::byte> element);
  void append_category(std::string_view text);
  [[noreturn]] void fail(const std::string& sentence) const;

  std::string place_;
  Hdf5Type type_;
  CollectAs as_;
  bool categorical_;
  int64_t n_seen_ = 0;
  Column column_;
  CategoryDictionary dictionary_;
};

/// Turns a categorical column into numbers: each text by the rules of number_text.h, the empty text
/// as missing. Errors start with `place`.
void make_numeric(Column& column, const std::string& place);

/// binary16 bits -> the same value.
float half_to_float(uint16_t half);

}  // namespace reprotrain::engine
