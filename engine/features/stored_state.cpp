// SPDX-License-Identifier: Apache-2.0
#include "engine/features/stored_state.h"

#include "engine/data/category_dictionary.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {

namespace {

constexpr std::string_view kPlace = "the stored features";
constexpr int64_t kMostElements = int64_t{1} << 26;

const Array& stored_array(const Hdf5Node& group, std::string_view name, ElementType type,
                          int64_t expected_size) {
  const Hdf5Node& node = group.require(name, kPlace);
  const Array& array = node.array;
  if (!node.is_dataset || array.type != type || array.shape.size() != 1 ||
      (expected_size >= 0 && array.shape[0] != expected_size)) {
    fail_stored_state("\"" + std::string(name) + "\" has another type or size than it should");
  }
  return array;
}

template <typename T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

void fail_stored_state(const std::string& what) {
  throw Error(ErrorKind::kEvidence, std::string(kPlace) + " are damaged: " + what +
                                        "; use the model file as training wrote it");
}

std::vector<std::string> stored_texts(const Hdf5Node& group, std::string_view name,
                                      int64_t expected_size) {
  return stored_array(group, name, ElementType::kString, expected_size).strings;
}

std::vector<int64_t> stored_integers(const Hdf5Node& group, std::string_view name,
                                     int64_t expected_size) {
  return copy(stored_array(group, name, ElementType::kInt64, expected_size).int64s());
}

std::vector<float> stored_floats(const Hdf5Node& group, std::string_view name,
                                 int64_t expected_size) {
  return copy(stored_array(group, name, ElementType::kFloat32, expected_size).floats());
}

std::vector<double> stored_doubles(const Hdf5Node& group, std::string_view name,
                                   int64_t expected_size) {
  return copy(stored_array(group, name, ElementType::kFloat64, expected_size).doubles());
}

int64_t stored_integer_attribute(const Hdf5Node& group, const std::string& name) {
  const auto found = group.attributes.find(name);
  if (found == group.attributes.end() || found->second.type != ElementType::kInt64 ||
      found->second.n_elements() != 1) {
    fail_stored_state("the attribute \"" + name + "\" is missing or of another type");
  }
  return found->second.int64s()[0];
}

std::string stored_text_attribute(const Hdf5Node& group, const std::string& name) {
  const auto found = group.attributes.find(name);
  if (found == group.attributes.end() || found->second.type != ElementType::kString ||
      found->second.strings.size() != 1) {
    fail_stored_state("the attribute \"" + name + "\" is missing or of another type");
  }
  return found->second.strings[0];
}

std::vector<int64_t> stored_widths(const Hdf5Node& group, std::string_view name,
                                   int64_t expected_size, int64_t& total) {
  std::vector<int64_t> widths = stored_integers(group, name, expected_size);
  total = 0;
  for (const int64_t width : widths) {
    if (width < 1 || width > kMostElements - total) {
      fail_stored_state("a width of \"" + std::string(name) + "\" is out of range");
    }
    total += width;
  }
  return widths;
}

std::vector<std::string> stored_categories(const Hdf5Node& group, std::string_view name) {
  std::vector<std::string> categories = stored_texts(group, name);
  for (size_t i = 1; i < categories.size(); ++i) {
    if (!bytes_less(categories[i - 1], categories[i])) {
      fail_stored_state("the categories of \"" + std::string(name) + "\" are not in order");
    }
  }
  return categories;
}

}  // namespace reprotrain::engine
