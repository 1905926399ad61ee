// SPDX-License-Identifier: Apache-2.0
#include "kernels/conformance/check_functions.h"
#include "kernels/conformance/golden_words.h"
#include "kernels/feature/feature_list.h"

namespace reprotrain::kernels {
namespace {

size_t n_fields_of(std::string_view name) {
  size_t n = 0;
  for_each_feature([&]<typename Feature>() {
    if (name == Feature::kName) n = Feature::fields().size();
  });
  return n;
}

}  // namespace

bool check_elementary(OperatorDevice& device, std::string_view function, const Words& in,
                      Words& out) {
  const std::vector<float> x(kCopies, WordReader(in).binary32());
  std::vector<float> y(kCopies);
  if (!device.elementary(function, x, y)) return false;
  out = {word_of_all(y)};
  return true;
}

bool check_feature(OperatorDevice& device, std::string_view name, const Words& in, Words& out) {
  WordReader words(in);
  std::vector<double> fields;
  for (size_t n = n_fields_of(name); fields.size() < n;) fields.push_back(words.binary64());
  const std::vector<float> x(kCopies, words.binary32());
  std::vector<float> y(kCopies);
  if (!device.feature(name, fields, x, y)) return false;
  out = {word_of_all(y)};
  return true;
}

bool check_cospi_unit(OperatorDevice& device, const Words& in, Words& out) {
  double value = 0.0;
  if (!device.cospi_unit(WordReader(in).binary64(), value)) return false;
  out = {word_of(value)};
  return true;
}

bool check_power_of(OperatorDevice& device, const Words& in, Words& out) {
  WordReader words(in);
  const double base = words.binary64();
  double value = 0.0;
  if (!device.power_of(base, words.decimal(), value)) return false;
  out = {word_of(value)};
  return true;
}

}  // namespace reprotrain::kernels
