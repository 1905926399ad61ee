// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"
#include "kernels/random/streams.h"

namespace reprotrain::kernels {
namespace {

/// seed stream step, as in philox.kat.
RandomStream stream_from(WordReader& words) {
  const uint64_t seed = words.hex();
  const uint32_t stream = words.hex32();
  return {seed, stream, static_cast<uint32_t>(words.decimal())};
}

}  // namespace

bool check_philox(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  uint32_t counter[4];
  for (uint32_t& word : counter) word = words.hex32();
  const uint64_t key_low = words.hex32();
  const RandomStream stream{key_low | words.hex() << 32, counter[2], counter[3]};
  PhiloxBlock block{};
  if (!device.random_blocks(stream, counter[0] | uint64_t{counter[1]} << 32, {&block, 1})) {
    return false;
  }
  for (const uint32_t word : block.word) out.push_back(word_of(word));
  return true;
}

bool check_random_word(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const RandomStream stream = stream_from(words);
  const uint64_t index = words.decimal();
  PhiloxBlock block{};
  if (!device.random_blocks(stream, index / 4, {&block, 1})) return false;
  out = {word_of(block.word[index % 4])};
  return true;
}

bool check_random_key(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const RandomStream stream = stream_from(words);
  const uint64_t index = words.decimal();
  PhiloxBlock block{};
  if (!device.random_blocks(stream, index % (uint64_t{1} << 63) / 2, {&block, 1})) return false;
  const uint64_t first = index % 2 * 2;
  out = {word_of(block.word[first] | uint64_t{block.word[first + 1]} << 32)};
  return true;
}

bool check_shuffle(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const RandomStream stream = stream_from(words);
  std::vector<int64_t> items(words.decimal());
  std::iota(items.begin(), items.end(), int64_t{0});
  if (!device.shuffle(stream, items)) return false;
  for (const int64_t item : items) out.push_back(std::to_string(item));
  return true;
}

bool check_split(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const int64_t n = words.count();
  const double test = words.decimal_binary64(), validation = words.decimal_binary64();
  const PartSizes sizes{rounded_share(n, test), rounded_share(n, validation)};
  const uint64_t seed = words.decimal();
  const int64_t n_classes = words.count();  // 0: not stratified
  std::vector<int32_t> class_of_row;
  for (int64_t row = 0; n_classes > 0 && row < n; ++row) {
    class_of_row.push_back(static_cast<int32_t>(row * row % 7919 % n_classes));
  }
  std::vector<RowPart> parts(static_cast<size_t>(n));
  if (!device.draw_parts(sizes, class_of_row, seed, parts)) return false;
  std::string letters;
  for (const RowPart part : parts) {
    letters += part == RowPart::kTest ? 't' : part == RowPart::kValidation ? 'v' : 'a';
  }
  out = {letters};
  return true;
}

bool check_initialisation(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const int64_t n_in = words.count(), n_out = words.count();
  const uint64_t seed = words.decimal();
  const auto instance = static_cast<uint32_t>(words.decimal());
  std::vector<float> weight(static_cast<size_t>(n_in * n_out));
  if (!device.initialise_weight(n_in, n_out, seed, instance, weight)) return false;
  append_words(weight, out);
  return true;
}

namespace {

bool dropout_of(OperatorDevice& device, std::string_view family, WordReader& words, Words& out) {
  const auto dropout = Dropout::with_probability(static_cast<double>(words.decimal()) / 100.0);
  const uint64_t seed = words.decimal();
  const auto layer = static_cast<uint32_t>(words.decimal());
  const auto step = static_cast<uint32_t>(words.decimal());
  std::vector<float> values(words.decimal());
  for (size_t i = 0; i < values.size(); ++i) values[i] = element(family, i);
  const RandomStream stream{seed, stream_of(StreamPurpose::kDropout, layer), step};
  if (!device.dropout(dropout, stream, values)) return false;
  append_words(values, out);
  return true;
}

}  // namespace

bool check_dropout(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  return dropout_of(device, "unit", words, out);
}

bool check_dropout_of(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const std::string family = words.text();
  return dropout_of(device, family, words, out);
}

}  // namespace reprotrain::kernels
