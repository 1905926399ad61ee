// SPDX-License-Identifier: Apache-2.0
#include "kernels/loss/loss_list_cuda.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kernels/base/parallel.h"
#include "kernels/conformance/device_array.h"
#include "kernels/conformance/test_values.h"
#include "tests/support/bit_patterns.h"
#include "tests/support/cuda_schedules.h"

namespace reprotrain::kernels {
namespace {

using testing::bit_patterns;
using testing::for_each_schedule;

constexpr rounded::EstimateIn kEstimates[] = {rounded::EstimateIn::kBinary64,
                                              rounded::EstimateIn::kBinary32Pair};

/// A batch on the host: outputs in a matrix with a gap between its rows.
struct HostBatch {
  HostBatch(std::string_view kind, int64_t n_rows, int64_t n_outputs, uint64_t n_classes,
            bool is_weighted)
      : stride(n_outputs + 3) {
    for (uint64_t i = 0; i < static_cast<uint64_t>(n_rows * stride); ++i) {
      outputs.push_back(4.0f * element(kind, i));
    }
    for (uint64_t row = 0; row < static_cast<uint64_t>(n_rows); ++row) {
      values.push_back(element(kind, (uint64_t{1} << 20) + row));
      classes.push_back(static_cast<int32_t>(mixed_word(row) % n_classes));
    }
    for (uint64_t c = 0; is_weighted && c < n_classes; ++c) {
      weights.push_back(0.3f * static_cast<float>(c + 1));
    }
  }
  int64_t stride;
  std::vector<float> outputs, values, weights;
  std::vector<int32_t> classes;
};

struct Evaluated {
  std::vector<float> row_losses, gradient, mean;
};

Evaluated on_cpu(const LossKernel& loss, const HostBatch& host, int64_t n_rows, int64_t n_outputs) {
  Evaluated result{std::vector<float>(static_cast<size_t>(n_rows)),
                   std::vector<float>(static_cast<size_t>(n_rows * n_outputs)),
                   {}};
  const LossBatch batch{{host.outputs.data(), n_rows, n_outputs, host.stride},
                        host.classes,
                        host.values,
                        host.weights,
                        1.5f};
  loss.run(batch, result.row_losses, dense_view(result.gradient.data(), n_rows, n_outputs),
           SerialParallel());
  result.mean = {mean_loss(result.row_losses, SerialParallel())};
  return result;
}

Evaluated on_device(const LossKernelCuda& loss, const HostBatch& host, int64_t n_rows,
                    int64_t n_outputs) {
  const DeviceArray<float> outputs(host.outputs), values(host.values), weights(host.weights);
  const DeviceArray<int32_t> classes(host.classes);
  DeviceArray<float> row_losses(static_cast<size_t>(n_rows));
  DeviceArray<float> gradient(static_cast<size_t>(n_rows * n_outputs)), mean(1);
  DeviceArray<ExactSumAccumulator> sum(1);
  const auto n = static_cast<size_t>(n_rows);
  const LossBatch batch{{outputs.data(), n_rows, n_outputs, host.stride},
                        {classes.data(), n},
                        {values.data(), n},
                        {weights.data(), host.weights.size()},
                        1.5f};
  const std::span<float> losses(row_losses.data(), n);
  loss.run(batch, losses, dense_view(gradient.data(), n_rows, n_outputs), nullptr);
  mean_loss_cuda(losses, sum.data(), mean.data(), nullptr);
  return {row_losses.values(), gradient.values(), mean.values()};
}

TEST(LossCuda, HasTheCpusLossesInTheirOrder) {
  ASSERT_EQ(loss_list_cuda().size(), loss_list().size());
  for (size_t i = 0; i < loss_list().size(); ++i) {
    EXPECT_EQ(loss_list_cuda()[i].name, loss_list()[i].name);
    EXPECT_EQ(find_loss_cuda(loss_list()[i].name), &loss_list_cuda()[i]);
  }
}

TEST(LossCuda, HasTheCpusBits) {
  for (size_t i = 0; i < loss_list().size(); ++i) {
    const bool is_softmax = loss_list()[i].name == "cross_entropy";
    for (const int64_t n_outputs :
         is_softmax ? std::vector<int64_t>{1, 2, 10, 31, 33, 65} : std::vector<int64_t>{1}) {
      for (const int64_t n_rows : {0, 1, 31, 33, 257}) {
        for (const char* kind : {"unit", "special"}) {
          const uint64_t n_classes = is_softmax ? static_cast<uint64_t>(n_outputs) : 2;
          const bool takes_weights = loss_list()[i].takes_classes && n_rows % 2 == 0;
          const HostBatch host(kind, n_rows, n_outputs, n_classes, takes_weights);
          const Evaluated expected = on_cpu(loss_list()[i], host, n_rows, n_outputs);
          for_each_schedule(2, [&] {
            for (const auto estimate : kEstimates) {
              const LossKernelCuda& cuda = loss_list_cuda(estimate)[i];
              const Evaluated result = on_device(cuda, host, n_rows, n_outputs);
              EXPECT_EQ(bit_patterns(result.row_losses), bit_patterns(expected.row_losses))
                  << loss_list()[i].name << " " << n_rows << " x " << n_outputs << " " << kind;
              EXPECT_EQ(bit_patterns(result.gradient), bit_patterns(expected.gradient))
                  << loss_list()[i].name << " " << n_rows << " x " << n_outputs << " " << kind;
              EXPECT_EQ(bit_patterns(result.mean), bit_patterns(expected.mean));
            }
          });
        }
      }
    }
  }
}

TEST(LossCuda, RefusesWhatDoesNotMatch) {
  std::vector<float> outputs(6), gradient(6), losses(2), weights(7);
  const std::vector<int32_t> classes(2);
  for (const LossKernelCuda& loss : loss_list_cuda()) {
    const auto columns = loss.name == "cross_entropy" ? 3 : 1;
    LossBatch batch;
    batch.outputs = dense_view<const float>(outputs.data(), 2, columns);
    const MatrixView slopes = dense_view(gradient.data(), 2, columns);
    EXPECT_THROW(loss.run(batch, losses, slopes, nullptr), std::invalid_argument) << loss.name;
    if (loss.name == "mse" || loss.name == "huber") continue;
    batch.classes = classes;
    batch.class_weights = weights;
    EXPECT_THROW(loss.run(batch, losses, slopes, nullptr), std::invalid_argument) << loss.name;
  }
  EXPECT_THROW(softmax_rows_cuda(dense_view<const float>(outputs.data(), 2, 3),
                                 dense_view(gradient.data(), 3, 2), nullptr),
               std::invalid_argument);
}

TEST(SoftmaxCuda, HasTheCpusBitsAlsoInPlace) {
  for (const int64_t n : {1, 10, 31, 32, 33, 257, 1025}) {
    const HostBatch host("special", 9, n, 2, false);
    std::vector<float> expected(host.outputs);
    const MatrixView matrix{expected.data(), 9, n, host.stride};
    softmax_rows(matrix, matrix, SerialParallel());
    for_each_schedule([&] {
      for (const auto estimate : kEstimates) {
        DeviceArray<float> array(host.outputs);
        const MatrixView on_device{array.data(), 9, n, host.stride};
        softmax_rows_cuda(on_device, on_device, nullptr, estimate);
        EXPECT_EQ(bit_patterns(array.values()), bit_patterns(expected)) << n;
      }
    });
  }
}

}  // namespace
}  // namespace reprotrain::kernels
