// SPDX-License-Identifier: Apache-2.0
// The known answers are compared by the conformance checks; here: cuts, what a gradient is, chances, refusals.
#include "kernels/conv/image_moves.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <vector>

#include "kernels/random/streams.h"
#include "tests/support/adversarial_parallel.h"

namespace reprotrain::kernels {
namespace {

RandomStream stream(uint32_t step) { return {7, stream_of(StreamPurpose::kAugmentation, 0), step}; }

std::vector<float> moved(const ImageMoves& moves, MovePass pass, const std::vector<float>& from,
                         const Parallel& parallel = SerialParallel()) {
  std::vector<float> to(from.size(), -1.0f);
  const auto n = static_cast<int64_t>(from.size()) / moves.n_numbers();
  move_images(moves, stream(3), pass, dense_view(from.data(), n, moves.n_numbers()),
              dense_view(to.data(), n, moves.n_numbers()), parallel);
  return to;
}

std::vector<float> whole_numbers(size_t n, int factor) {
  std::vector<float> values;
  for (size_t i = 0; i < n; ++i) {
    values.push_back(static_cast<float>(static_cast<int>(i) * factor % 101 - 50));
  }
  return values;
}

TEST(ImageMoves, NeverDependOnHowRowsAreCut) {
  const ImageMoves moves{5, 6, 3, uint64_t{1} << 31, 2};
  const std::vector<float> images = whole_numbers(40 * 90, 7);
  const testing::AdversarialParallel adversarial(5);
  for (const MovePass pass : {MovePass::kForward, MovePass::kBackward}) {
    EXPECT_EQ(moved(moves, pass, images, adversarial), moved(moves, pass, images));
  }
}

/// sum(forward(x) * d) = sum(x * backward(d)), in exact integers.
TEST(ImageMoves, BackwardIsTheAdjointOfForward) {
  for (const int64_t shift : {0, 1, 3, 9}) {
    for (const uint64_t threshold : {uint64_t{0}, uint64_t{1} << 31, uint64_t{1} << 32}) {
      const ImageMoves moves{4, 7, 2, threshold, shift};
      const std::vector<float> x = whole_numbers(30 * 56, 7), d = whole_numbers(x.size(), 13);
      const std::vector<float> y = moved(moves, MovePass::kForward, x);
      const std::vector<float> g = moved(moves, MovePass::kBackward, d);
      double one = 0.0, other = 0.0;
      for (size_t i = 0; i < x.size(); ++i) {
        one += static_cast<double>(y[i]) * static_cast<double>(d[i]);
        other += static_cast<double>(x[i]) * static_cast<double>(g[i]);
      }
      EXPECT_EQ(one, other) << shift << " " << threshold;
    }
  }
}

TEST(ImageMoves, DrawEveryMoveEquallyOften) {
  constexpr int64_t kRows = 35000, kShift = 3;
  const ImageMoves moves{8, 8, 1, ImageMoves::threshold_of(0.25), kShift};
  std::map<int64_t, int> of_dy, of_dx;
  int n_flips = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    const ImageMove move = ImageMove::draw(moves, stream(1), row);
    n_flips += move.flips;
    ++of_dy[move.dy];
    ++of_dx[move.dx];
  }
  EXPECT_NEAR(n_flips, 0.25 * kRows, 4 * 81);  // four standard deviations
  for (const auto& counts : {of_dy, of_dx}) {
    ASSERT_EQ(counts.size(), 7u);
    EXPECT_EQ(counts.begin()->first, -kShift);
    double chi_square = 0.0;
    for (const auto& [shift, n] : counts) chi_square += (n - 5000.0) * (n - 5000.0) / 5000.0;
    EXPECT_LT(chi_square, 22.46);  // 6 degrees of freedom, one in a thousand
  }
}

TEST(ImageMoves, RefuseWhatIsNone) {
  const std::vector<float> images(24);
  std::vector<float> results(24);
  const auto call = [&](const ImageMoves& moves, int64_t n_columns) {
    const SerialParallel serial;
    move_images(moves, stream(0), MovePass::kForward, dense_view(images.data(), 2, 12),
                dense_view(results.data(), 24 / n_columns, n_columns), serial);
  };
  call({2, 3, 2}, 12);
  EXPECT_THROW(call({2, 3, 2}, 6), std::invalid_argument);
  EXPECT_THROW(call({2, 2, 2}, 12), std::invalid_argument);
  EXPECT_THROW(call({0, 3, 2}, 12), std::invalid_argument);
  EXPECT_THROW(call({2, 3, 0}, 12), std::invalid_argument);
  EXPECT_THROW(call({2, 3, 2, 0, -1}, 12), std::invalid_argument);
  EXPECT_THROW(call({2, 3, 2, 0, kLongestShift + 1}, 12), std::invalid_argument);
  EXPECT_THROW(call({2, 3, 2, (uint64_t{1} << 32) + 1, 0}, 12), std::invalid_argument);
}

}  // namespace
}  // namespace reprotrain::kernels
