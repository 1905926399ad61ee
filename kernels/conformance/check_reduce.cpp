// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {
namespace {

std::vector<float> generated_from(const Words& in) {
  WordReader words(in);
  const uint64_t seed = words.decimal();
  const auto lowest_field = static_cast<uint32_t>(words.decimal());
  const auto n_fields = static_cast<uint32_t>(words.decimal());
  return generated_floats(seed, lowest_field, n_fields, words.decimal());
}

std::vector<float> terms_from(const Words& in) { return WordReader(in).binary32_rest(); }

/// The sum as words `first` and `first` + 1 of the line.
void write_sum(const RoundedSum& sum, size_t first, size_t n_words, Words& out) {
  out.assign(n_words, std::string(kNotCompared));
  out[first] = word_of(sum.binary32);
  out[first + 1] = word_of(sum.binary64);
}

/// Outputs: sum f32, sum f64, sum of squares f32, sum of squares f64 [, moments, order].
bool sum_of_terms(OperatorDevice& device, const std::vector<float>& terms, size_t n_words,
                  Words& out) {
  RoundedSum sum;
  if (!device.exact_sum(terms, sum)) return false;
  write_sum(sum, 0, n_words, out);
  return true;
}

bool sum_of_squares(OperatorDevice& device, const std::vector<float>& terms, size_t n_words,
                    Words& out) {
  RoundedSum sum;
  if (!device.exact_sum_of_squares(terms, sum)) return false;
  write_sum(sum, 2, n_words, out);
  return true;
}

/// The values as every other row of the third of five columns, in reverse order.
class ScatteredColumn {
 public:
  explicit ScatteredColumn(const std::vector<float>& values)
      : memory_(values.size() * 10 + 5, std::numeric_limits<float>::infinity()) {
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t row = 2 * (values.size() - 1 - i);
      memory_[row * 5 + 2] = values[i];
      rows_.push_back(static_cast<int64_t>(row));
    }
  }
  StridedColumn view() const { return {memory_.data() + 2, 5, rows_}; }

 private:
  std::vector<float> memory_;
  std::vector<int64_t> rows_;
};

/// `out[first]` on: count, min, max, mean, variance.
bool moments_of(OperatorDevice& device, const std::vector<float>& values, size_t first,
                size_t n_words, Words& out) {
  const ScatteredColumn column(values);
  ColumnMoments moments{};
  if (!device.column_moments(column.view(), moments)) return false;
  out.assign(n_words, std::string(kNotCompared));
  out[first] = std::to_string(moments.count);
  out[first + 1] = word_of(moments.min);
  out[first + 2] = word_of(moments.max);
  out[first + 3] = word_of(moments.mean);
  out[first + 4] = word_of(moments.variance);
  return true;
}

/// `out[first]` on: median, most_frequent.
bool order_of(OperatorDevice& device, const std::vector<float>& values, size_t first,
              size_t n_words, Words& out) {
  const ScatteredColumn column(values);
  double median = 0.0;
  float most_frequent = 0.0f;
  if (!device.column_order(column.view(), median, most_frequent)) return false;
  out.assign(n_words, std::string(kNotCompared));
  out[first] = word_of(median);
  out[first + 1] = word_of(most_frequent);
  return true;
}

constexpr size_t kSumWords = 4;
constexpr size_t kMomentWords = 7;
constexpr size_t kLongWords = kSumWords + kMomentWords;

}  // namespace

bool check_sum_of_terms(OperatorDevice& device, const Words& in, Words& out) {
  return sum_of_terms(device, terms_from(in), kSumWords, out);
}

bool check_long_sum_of_terms(OperatorDevice& device, const Words& in, Words& out) {
  return sum_of_terms(device, generated_from(in), kLongWords, out);
}

bool check_sum_of_squares(OperatorDevice& device, const Words& in, Words& out) {
  return sum_of_squares(device, terms_from(in), kSumWords, out);
}

bool check_long_sum_of_squares(OperatorDevice& device, const Words& in, Words& out) {
  return sum_of_squares(device, generated_from(in), kLongWords, out);
}

bool check_sum_of_doubles(OperatorDevice& device, const Words& in, Words& out) {
  std::vector<double> terms;
  for (WordReader words(in); !words.at_end();) terms.push_back(words.binary64());
  RoundedSum sum;
  if (!device.exact_sum(terms, sum)) return false;
  write_sum(sum, 0, 2, out);
  return true;
}

bool check_sum_of_products(OperatorDevice& device, const Words& in, Words& out) {
  std::vector<float> a, b;
  for (WordReader words(in); !words.at_end();) {
    a.push_back(words.binary32());
    b.push_back(words.binary32());
  }
  RoundedSum sum;
  if (!device.exact_sum_of_products(a, b, sum)) return false;
  write_sum(sum, 0, 2, out);
  return true;
}

bool check_norm(OperatorDevice& device, const Words& in, Words& out) {
  double norm = 0.0;
  if (!device.norm(terms_from(in), norm)) return false;
  out = {word_of(norm)};
  return true;
}

bool check_moments(OperatorDevice& device, const Words& in, Words& out) {
  return moments_of(device, terms_from(in), 0, kMomentWords, out);
}

bool check_long_moments(OperatorDevice& device, const Words& in, Words& out) {
  return moments_of(device, generated_from(in), kSumWords, kLongWords, out);
}

bool check_order(OperatorDevice& device, const Words& in, Words& out) {
  return order_of(device, terms_from(in), 5, kMomentWords, out);
}

bool check_long_order(OperatorDevice& device, const Words& in, Words& out) {
  return order_of(device, generated_from(in), kSumWords + 5, kLongWords, out);
}

bool check_column_sums(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  const int64_t n_rows = words.count(), n_columns = words.count();
  std::vector<float> values(static_cast<size_t>(n_rows * n_columns));
  for (size_t i = 0; i < values.size(); ++i) values[i] = element(family, i);
  std::vector<float> sums(static_cast<size_t>(n_columns));
  if (!device.column_sums(dense_view<const float>(values.data(), n_rows, n_columns), sums))
    return false;
  append_words(sums, out);
  return true;
}

}  // namespace reprotrain::kernels
