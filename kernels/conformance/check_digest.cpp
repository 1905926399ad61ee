// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/conformance/test_values.h"

namespace reprotrain::kernels {
namespace {

template <typename T>
bool digest_words(OperatorDevice& device, const std::vector<T>& values, uint64_t tensor_id,
                  Words& out) {
  Digest128 digest;
  if (!device.digest(std::span<const T>(values), tensor_id, digest)) return false;
  out = {word_of(digest.high) + word_of(digest.low)};
  return true;
}

}  // namespace

bool check_digest_of_floats(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const uint64_t id = words.decimal();
  return digest_words(device, words.binary32_rest(), id, out);
}

bool check_digest_of_integers(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const uint64_t id = words.decimal();
  std::vector<int64_t> values;
  while (!words.at_end()) values.push_back(std::stoll(words.text()));
  return digest_words(device, values, id, out);
}

bool check_digest_of_long_floats(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const uint64_t id = words.decimal();
  const uint64_t seed = words.decimal();
  return digest_words(device, generated_floats(seed, 0, 256, words.decimal()), id, out);
}

bool check_digest_of_long_integers(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const uint64_t id = words.decimal();
  std::vector<int64_t> values(words.decimal());
  std::iota(values.begin(), values.end(), int64_t{0});
  return digest_words(device, values, id, out);
}

}  // namespace reprotrain::kernels
