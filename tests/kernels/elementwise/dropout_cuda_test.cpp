// SPDX-License-Identifier: Apache-2.0
#include "kernels/elementwise/dropout_cuda.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "kernels/elementwise/initialisation.h"
#include "kernels/elementwise/initialisation_cuda.h"
#include "kernels/random/streams.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;
using testing::from_decimal;

std::vector<float> values(size_t n) {
  std::vector<float> x;
  for (size_t i = 0; i < n; ++i) x.push_back(element("unit", i));
  return x;
}

TEST(DropoutCuda, GivesTheOraclesBits) {
  for (const auto& known : testing::known_answers("training.kat", "dropout")) {
    SCOPED_TRACE(known.line.substr(0, 60));
    const auto& in = known.inputs;
    const auto dropout =
        Dropout::with_probability(static_cast<double>(from_decimal(in[0])) / 100.0);
    const RandomStream random{
        from_decimal(in[1]),
        stream_of(StreamPurpose::kDropout, static_cast<uint32_t>(from_decimal(in[2]))),
        static_cast<uint32_t>(from_decimal(in[3]))};
    for_each_schedule([&] {
      DeviceArray<float> x(values(from_decimal(in[4])));
      apply_dropout_cuda(dropout, random, x.data(), x.size(), nullptr);
      EXPECT_EQ(bit_patterns(x.values()), bit_patterns(known.outputs));
    });
  }
}

TEST(DropoutCuda, HasTheCpusBitsAtEverySizeAndAlignment) {
  const auto dropout = Dropout::with_probability(0.3);
  const RandomStream random{9, stream_of(StreamPurpose::kDropout, 1), 12};
  for (const size_t n : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025, 65537}) {
    std::vector<float> expected = values(n);
    apply_dropout(dropout, random, expected, SerialParallel());
    for_each_schedule([&] {
      for (const size_t offset : {0, 1, 2}) {
        DeviceArray<float> x(values(n), offset);
        apply_dropout_cuda(dropout, random, x.data(), x.size(), nullptr);
        EXPECT_EQ(bit_patterns(x.values()), bit_patterns(expected)) << "n = " << n;
        DeviceArray<float> again(values(n), offset);
        const DeviceArray<uint32_t> step(std::span<const uint32_t>(&random.step, 1));
        const RandomStream older{random.seed, random.stream, random.step + 1};
        apply_dropout_cuda(dropout, older, again.data(), again.size(), nullptr, step.data());
        EXPECT_EQ(bit_patterns(again.values()), bit_patterns(expected)) << "n = " << n;
      }
    });
  }
}

TEST(InitialisationCuda, HasTheCpusBitsAtEverySizeAndAlignment) {
  for (const int64_t n_in : {0, 1, 3, 33, 255}) {
    for (const int64_t n_out : {1, 31, 257}) {
      std::vector<float> expected(static_cast<size_t>(n_in * n_out));
      initialise_weight(n_in, n_out, 42, 7, expected);
      for_each_schedule([&] {
        for (const size_t offset : {0, 1}) {
          DeviceArray<float> weights(expected.size(), offset);
          initialise_weight_cuda(n_in, n_out, 42, 7, weights.data(), nullptr);
          EXPECT_EQ(bit_patterns(weights.values()), bit_patterns(expected))
              << n_in << " x " << n_out;
        }
      });
    }
  }
}

}  // namespace
}  // namespace reprotrain::kernels
