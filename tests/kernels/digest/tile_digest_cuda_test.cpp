// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/tile_digest_cuda.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/cuda_schedules.h"
#include "tests/support/known_answers.h"

namespace reprotrain::kernels {
namespace {

using testing::for_each_schedule;
using testing::from_decimal;
using testing::from_hex;
using testing::known_answers;

template <typename T>
void expect_digest(const std::vector<T>& values, uint64_t tensor_id, const std::string& expected) {
  for_each_schedule([&] {
    for (const size_t offset : {0, 1}) {
      const DeviceArray<T> device(values, offset);
      DeviceArray<Digest128> digest(1);
      tile_digest_cuda(device.data(), device.size(), tensor_id, digest.data(), nullptr);
      EXPECT_EQ(digest.values()[0].hex(), expected) << "n = " << values.size();
    }
  });
}

TEST(TileDigestCuda, GivesTheOraclesDigests) {
  for (const auto& known : known_answers("tile_digest.kat", "floats")) {
    std::vector<float> values;
    for (size_t i = 1; i < known.inputs.size(); ++i) {
      values.push_back(float_from_bits(static_cast<uint32_t>(from_hex(known.inputs[i]))));
    }
    expect_digest(values, from_decimal(known.inputs[0]), known.outputs[0]);
  }
  for (const auto& known : known_answers("tile_digest.kat", "int64")) {
    std::vector<int64_t> values;
    for (size_t i = 1; i < known.inputs.size(); ++i) values.push_back(std::stoll(known.inputs[i]));
    expect_digest(values, from_decimal(known.inputs[0]), known.outputs[0]);
  }
}

TEST(TileDigestCuda, GivesTheOraclesDigestsOfLongTensors) {
  for (const auto& known : known_answers("tile_digest.kat", "generated")) {
    expect_digest(
        generated_floats(from_decimal(known.inputs[1]), 0, 256, from_decimal(known.inputs[2])),
        from_decimal(known.inputs[0]), known.outputs[0]);
  }
  for (const auto& known : known_answers("tile_digest.kat", "counting")) {
    std::vector<int64_t> values(from_decimal(known.inputs[1]));
    std::iota(values.begin(), values.end(), int64_t{0});
    expect_digest(values, from_decimal(known.inputs[0]), known.outputs[0]);
  }
}

}  // namespace
}  // namespace reprotrain::kernels
