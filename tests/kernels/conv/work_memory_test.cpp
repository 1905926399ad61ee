// SPDX-License-Identifier: Apache-2.0
// Work space of passes over many rows and many channels is bounded. This program counts what it allocates.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "kernels/conv/batch_norm.h"
#include "kernels/conv/convolution.h"

namespace {

std::atomic<size_t> bytes_now{0}, bytes_most{0};

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const size_t now = bytes_now += malloc_usable_size(memory);
  size_t most = bytes_most;
  while (now > most && !bytes_most.compare_exchange_weak(most, now)) {
  }
  return memory;
}

void release(void* memory) noexcept {
  bytes_now -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(size_t n) { return counted(std::malloc(n)); }
void* operator new(size_t n, std::align_val_t alignment) {
  const auto a = static_cast<size_t>(alignment);
  return counted(std::aligned_alloc(a, (n + a - 1) / a * a));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { release(memory); }

namespace reprotrain::kernels {
namespace {

constexpr size_t kMebi = size_t{1} << 20;

/// Most bytes that were allocated at a time within `call`, beyond those of before.
template <typename Call>
size_t peak_of(const Call& call) {
  const size_t before = bytes_now;
  bytes_most = before;
  call();
  return bytes_most - before;
}

// Whole columns of these patches take 256 MiB, and their digits as much or twice that.
TEST(WorkMemory, OfAWeightGradientOfIntegerSlicesIsBoundedOverManyRows) {
  const WindowAxis axis = with_same_padding({128, 8, 1, 1, 0, 0});
  const Convolution convolution{axis, axis, 1, 1, 1};
  constexpr int64_t kImages = 64;
  std::vector<float> images(static_cast<size_t>(kImages * convolution.n_inputs()), 1.0f);
  std::vector<float> delta(static_cast<size_t>(kImages * convolution.n_outputs()), 1.0f);
  std::vector<float> gradient(static_cast<size_t>(convolution.n_weight_rows()));
  for (const auto product : {MatmulSpecification::kInt8x2, MatmulSpecification::kInt8x3}) {
    const ConvolutionWeightGradient pass{
        convolution,
        product,
        dense_view<const float>(images.data(), kImages, convolution.n_inputs()),
        dense_view<const float>(delta.data(), kImages, convolution.n_outputs()),
        dense_view(gradient.data(), convolution.n_weight_rows(), 1),
        {}};
    const size_t peak = peak_of([&] { convolution_weight_gradient(pass, SerialParallel()); });
    EXPECT_GT(peak, 32 * kMebi);
    EXPECT_LT(peak, 160 * kMebi);
    // Ones times ones: as many as there are windows that see the tap, here a corner's.
    EXPECT_EQ(gradient.front(), static_cast<float>(kImages * (128 - 3) * (128 - 3)));
  }
}

// Sums of all channels take 300 MiB, a block of their terms 2 GiB.
TEST(WorkMemory, OfABatchNormIsBoundedOverManyChannels) {
  constexpr int64_t kRows = 3, kChannels = int64_t{1} << 20;
  const std::vector<float> x(static_cast<size_t>(kRows * kChannels), 1.0f);
  std::vector<float> y(x.size()), gradient(x.size(), 2.0f);
  const std::vector<float> scale(static_cast<size_t>(kChannels), 1.0f), shift(scale);
  std::vector<float> running_mean(scale), running_variance(scale), mean(scale), inverse(scale),
      scale_gradient(scale), shift_gradient(scale);
  const auto inputs = dense_view(x.data(), kRows, kChannels);
  const size_t forward = peak_of([&] {
    batch_norm_training({inputs, scale, shift, 0.1, running_mean, running_variance, mean, inverse,
                         dense_view(y.data(), kRows, kChannels)},
                        SerialParallel());
  });
  const size_t backward = peak_of([&] {
    batch_norm_backward(
        {inputs, mean, inverse, scale, dense_view(gradient.data(), kRows, kChannels),
         scale_gradient, shift_gradient},
        SerialParallel());
  });
  EXPECT_LT(forward, 4 * kMebi);
  EXPECT_LT(backward, 4 * kMebi);
  EXPECT_EQ(y.back(), 1.0f);
  EXPECT_EQ(shift_gradient.back(), 6.0f);
}

}  // namespace
}  // namespace reprotrain::kernels
