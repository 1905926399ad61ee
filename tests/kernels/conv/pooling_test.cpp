// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: larger cases, cuts and refusals.
#include "kernels/conv/pooling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "kernels/base/cpu_path.h"
#include "kernels/conformance/thread_team.h"
#include "kernels/reduce/lane_sum.h"
#include "tests/kernels/conv/pooling_cases.h"
#include "tests/support/adversarial_parallel.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/guarded_matrix.h"

namespace reprotrain::kernels {
namespace {

using testing::all_poolings;
using testing::bit_patterns;
using testing::Bits;
using testing::GuardedMatrix;

/// Calls use(window, places of its pixels in the image, in order).
template <typename Use>
void for_each_window(const Pooling& p, const Use& use) {
  for (int64_t oy = 0; oy < p.y.n_windows(); ++oy) {
    for (int64_t ox = 0; ox < p.x.n_windows(); ++ox) {
      std::vector<int64_t> places;
      for (int64_t ky = 0; ky < p.y.kernel; ++ky) {
        for (int64_t kx = 0; kx < p.x.kernel; ++kx) {
          const int64_t y = p.y.first_place(oy) + ky, x = p.x.first_place(ox) + kx;
          if (y >= 0 && y < p.y.size && x >= 0 && x < p.x.size) places.push_back(y * p.x.size + x);
        }
      }
      use(oy * p.x.n_windows() + ox, places);
    }
  }
}

enum class Kind { kMax, kAverage };

/// Both passes in guarded memory: outputs, then the gradient of the images.
class Passes {
 public:
  Passes(std::string_view family, const Pooling& pooling, int64_t shift = 0)
      : pooling_(pooling),
        images_(4, pooling.n_inputs(), 0, shift),
        outputs_(4, pooling.n_outputs(), 0, shift),
        delta_(4, pooling.n_outputs(), 0, shift),
        gradient_(4, pooling.n_inputs(), 0, shift) {
    images_.fill(family, 0);
    delta_.fill(family, uint64_t{1} << 22);
  }

  Bits run(Kind kind, const Parallel& parallel) {
    if (kind == Kind::kMax) {
      std::vector<int32_t> memory(static_cast<size_t>(4 * pooling_.n_outputs()));
      const auto winners = dense_view(memory.data(), 4, pooling_.n_outputs());
      max_pooling_forward({pooling_, images_.view(), outputs_.view()}, parallel);
      const Bits without_winners = bits_of(outputs_);
      outputs_.fill("unit", 0);
      max_pooling_forward({pooling_, images_.view(), outputs_.view(), winners}, parallel);
      EXPECT_EQ(bits_of(outputs_), without_winners);
      max_pooling_backward({pooling_, winners, delta_.view(), gradient_.view()}, parallel);
    } else {
      average_pooling_forward(pooling_, images_.view(), outputs_.view(), parallel);
      average_pooling_backward(pooling_, delta_.view(), gradient_.view(), parallel);
    }
    for (GuardedMatrix* m : {&images_, &outputs_, &delta_, &gradient_}) {
      EXPECT_TRUE(m->guards_are_whole());
    }
    return bits();
  }

  Bits by_definition(Kind kind) {
    for (int64_t n = 0; n < 4; ++n) {
      std::fill_n(gradient_.view().row(n), pooling_.n_inputs(), 0.0f);
      for_each_window(pooling_, [&](int64_t window, const std::vector<int64_t>& places) {
        for (int64_t c = 0; c < pooling_.n_channels; ++c) define(kind, n, window, places, c);
      });
    }
    return bits();
  }

 private:
  void define(Kind kind, int64_t n, int64_t window, const std::vector<int64_t>& places, int64_t c) {
    const int64_t n_channels = pooling_.n_channels, output = window * n_channels + c;
    const float* image = images_.view().row(n) + c;
    float* gradient = gradient_.view().row(n) + c;
    const float delta = delta_.view()(n, output);
    if (kind == Kind::kMax) {
      int64_t winner = places[0];
      for (const int64_t place : places) {
        const float best = image[winner * n_channels], pixel = image[place * n_channels];
        if (pixel > best || (is_nan(pixel) && !is_nan(best))) winner = place;
      }
      outputs_.view()(n, output) = image[winner * n_channels];
      gradient[winner * n_channels] = gradient[winner * n_channels] + delta;
      return;
    }
    const auto count = static_cast<float>(places.size());
    float sum = 0.0f;
    for (const int64_t place : places) {
      sum = sum + image[place * n_channels];
      gradient[place * n_channels] = gradient[place * n_channels] + delta / count;
    }
    outputs_.view()(n, output) = sum / count;
  }

  static Bits bits_of(GuardedMatrix& m) {
    return bit_patterns(std::span(m.view().data, static_cast<size_t>(4 * m.view().n_columns)));
  }
  Bits bits() {
    Bits all = bits_of(outputs_);
    const Bits gradient = bits_of(gradient_);
    all.insert(all.end(), gradient.begin(), gradient.end());
    return all;
  }

  Pooling pooling_;
  GuardedMatrix images_, outputs_, delta_, gradient_;
};

TEST(Pooling, GivesTheBitsOfTheDefinitionOnEveryPathHoweverItIsCut) {
  for (const Kind kind : {Kind::kMax, Kind::kAverage}) {
    for (const Pooling& pooling : all_poolings()) {
      for (const std::string_view family : {"unit", "special", "cancel", "subnormal"}) {
        const Bits expected = Passes(family, pooling).by_definition(kind);
        for (const CpuPath path : available_cpu_paths()) {
          const CpuPathScope scope(path);
          EXPECT_EQ(Passes(family, pooling, 3).run(kind, testing::AdversarialParallel(5)), expected)
              << family << " " << name_of(path);
        }
        for (int n_threads = 1; n_threads <= 8; ++n_threads) {
          EXPECT_EQ(Passes(family, pooling).run(kind, ThreadTeam(n_threads)), expected);
        }
      }
    }
  }
}

TEST(GlobalAverage, IsTheLaneSumOfEveryChannel) {
  for (const int64_t n_pixels : {1, 31, 32, 33, 49, 257}) {
    for (const int64_t n_channels : {1, 15, 16, 17, 40}) {
      GuardedMatrix images(3, n_pixels * n_channels, 0, 1), outputs(3, n_channels, 0, 1);
      GuardedMatrix delta(3, n_channels, 0, 1), gradient(3, n_pixels * n_channels, 0, 1);
      images.fill("wide", 0);
      delta.fill("wide", uint64_t{1} << 22);
      for (const CpuPath path : available_cpu_paths()) {
        const CpuPathScope scope(path);
        const testing::AdversarialParallel parallel(3);
        global_average_forward(images.view(), outputs.view(), parallel);
        global_average_backward(delta.view(), gradient.view(), parallel);
        for (GuardedMatrix* m : {&outputs, &gradient}) EXPECT_TRUE(m->guards_are_whole());
        const auto count = static_cast<float>(n_pixels);
        for (int64_t n = 0; n < 3; ++n) {
          for (int64_t c = 0; c < n_channels; ++c) {
            const float* channel = images.view().row(n) + c;
            const float sum =
                lane_sum([=](int64_t p) { return channel[p * n_channels]; }, n_pixels);
            ASSERT_EQ(bits_of(outputs.view()(n, c)), bits_of(sum / count));
            for (int64_t p = 0; p < n_pixels; ++p) {
              ASSERT_EQ(bits_of(gradient.view()(n, p * n_channels + c)),
                        bits_of(delta.view()(n, c) / count));
            }
          }
        }
      }
    }
  }
}

std::string refusal(const Pooling& pooling) {
  try {
    require_pooling(pooling);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Pooling, RefusesGeometriesThatAreNone) {
  Pooling pooling = all_poolings()[1];
  EXPECT_EQ(refusal(pooling), "");
  pooling.y.dilation = 2;
  EXPECT_EQ(refusal(pooling), "pooling: windows have no dilation");
  pooling = all_poolings()[1];
  pooling.x.padding_after = 3;
  EXPECT_EQ(refusal(pooling), "pooling: a padding is not smaller than the kernel");
  // One pixel in windows of 50,000 x 50,000: winners are int32.
  constexpr WindowAxis kHuge{1, 50000, 1, 1, 49999, 0};
  EXPECT_EQ(refusal({kHuge, kHuge, 1}),
            "pooling: positions in a window are not counted in 31 bits");
  pooling = all_poolings()[1];
  pooling.n_channels = 0;
  EXPECT_EQ(refusal(pooling), "images: the number of channels is from 1 to 2^20");
}

TEST(Pooling, RefusesMatricesThatDoNotFit) {
  const Pooling pooling = all_poolings().front();
  std::vector<float> memory(static_cast<size_t>(2 * pooling.n_inputs()));
  std::vector<int32_t> winners(memory.size());
  const MatrixView images = dense_view(memory.data(), 2, pooling.n_inputs());
  const MatrixView outputs = dense_view(memory.data(), 2, pooling.n_outputs());
  const auto winner_view = dense_view(winners.data(), 2, pooling.n_outputs() - 1);
  const SerialParallel serial;
  EXPECT_THROW(max_pooling_forward({pooling, images, outputs, winner_view}, serial),
               std::invalid_argument);
  EXPECT_THROW(max_pooling_backward({pooling, winner_view, outputs, images}, serial),
               std::invalid_argument);
  EXPECT_THROW(average_pooling_forward(pooling, outputs, outputs, serial), std::invalid_argument);
  EXPECT_THROW(average_pooling_backward(pooling, images, images, serial), std::invalid_argument);
  const MatrixView averages = dense_view(memory.data(), 2, pooling.n_channels);
  EXPECT_THROW(global_average_forward(averages, images, serial), std::invalid_argument);
  EXPECT_THROW(
      global_average_backward(dense_view(memory.data(), 1, pooling.n_channels), images, serial),
      std::invalid_argument);
}

}  // namespace
}  // namespace reprotrain::kernels
