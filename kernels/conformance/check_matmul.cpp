// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/product_line.h"

namespace reprotrain::kernels {
namespace {

/// C as words, from dense operands and from misaligned ones with gaps.
template <typename Line>
bool check_line(OperatorDevice& device, std::string_view specification, const Line& line,
                Words& out) {
  std::vector<float> dense, misaligned;
  if (!line.compute(device, specification, 0, dense)) return false;
  line.compute(device, specification, 3, misaligned);
  for (size_t i = 0; i < dense.size(); ++i) {
    const std::string word = word_of(dense[i]), other = word_of(misaligned[i]);
    out.push_back(word == other ? word : "varies:" + word + "/" + other);
  }
  return true;
}

/// The tile digest of C.
template <typename Line>
bool check_line_by_digest(OperatorDevice& device, std::string_view specification, const Line& line,
                          Words& out) {
  std::vector<float> dense, misaligned;
  if (!line.compute(device, specification, 0, dense)) return false;
  line.compute(device, specification, 3, misaligned);
  const auto digest = [](const std::vector<float>& values) {
    return tile_digest(std::span<const float>(values), 0, SerialParallel()).hex();
  };
  out = {digest(dense) == digest(misaligned) ? digest(dense) : "varies"};
  return true;
}

std::vector<float> values_from(WordReader& words, int64_t n) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(words.binary32());
  return values;
}

/// Repeats `values` for ever.
auto repeated(const std::vector<float>& values) {
  return [&values](uint64_t i) { return values[i % values.size()]; };
}

}  // namespace

bool check_product(OperatorDevice& device, std::string_view specification, const Words& in,
                   Words& out) {
  return check_line(device, specification, line_of_families(in), out);
}

bool check_large_product(OperatorDevice& device, std::string_view specification, const Words& in,
                         Words& out) {
  return check_line_by_digest(device, specification, line_of_families(in), out);
}

bool check_product_of_words(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  const int64_t m = words.count(), k = words.count(), n = words.count();
  const std::vector<float> a = values_from(words, m * k), b = values_from(words, k * n);
  const ProductLine line{m, k, n, false, false, repeated(a), repeated(b), std::vector<float>()};
  return check_line(device, specification, line, out);
}

bool check_periodic_product(OperatorDevice& device, std::string_view specification, const Words& in,
                            Words& out) {
  WordReader words(in);
  const int64_t k = words.count();
  const std::vector<float> a = values_from(words, words.count());
  const std::vector<float> b = values_from(words, words.count());
  const ProductLine line{int64_t{1}, k,           int64_t{1},  false,
                         false,      repeated(a), repeated(b), std::vector<float>()};
  return check_line(device, specification, line, out);
}

}  // namespace reprotrain::kernels
