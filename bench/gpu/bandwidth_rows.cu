// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/bandwidth_rows.h"

#include <span>

#include "kernels/base/cuda_error.h"
#include "kernels/base/float_bits.h"
#include "kernels/elementwise/activation_cuda.h"
#include "kernels/elementwise/dropout_cuda.h"
#include "kernels/elementwise/elementary_array_cuda.h"
#include "kernels/optimizer/optimizer_cuda.h"
#include "kernels/random/philox.h"
#include "kernels/reduce/column_sums_cuda.h"
#include "kernels/reduce/exact_sum_cuda.h"

namespace reprotrain::bench {

namespace {

namespace rounded = kernels::rounded;
using kernels::ExactSumAccumulator;

/// One kernel on the arrays of `memory`, each n numbers long.
struct BandwidthKernel {
  const char* name;
  int n_arrays;  ///< that it reads or writes
  double target_ratio;
  void (*run)(const BandwidthMemory& memory, int64_t n, cudaStream_t stream);
};

template <void (*function)(const float*, float*, int64_t, cudaStream_t)>
void elementary(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  function(memory.shared.a.data(), memory.shared.ours.data(), n, stream);
}

void relu(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  kernels::find_activation_cuda("relu")->forward(memory.shared.a.data(), memory.shared.ours.data(),
                                                 n, stream);
}

void dropout(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  const auto half = kernels::Dropout::with_probability(0.5);
  apply_dropout_cuda(half, {7, 0, 0}, memory.shared.ours.data(), n, stream);
}

void adam(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  kernels::OptimizerSettings settings;
  settings.learning_rate = 1e-3;
  auto* state = reinterpret_cast<float*>(memory.shared.workspace.data());
  kernels::find_optimizer_cuda("adam")->step(
      settings, {memory.shared.ours.data(), memory.shared.a.data(), {state, state + n}}, 9, stream);
}

ExactSumAccumulator* sums_of(const BandwidthMemory& memory) {
  return reinterpret_cast<ExactSumAccumulator*>(memory.sums.data());
}

template <bool kFullRange>
void exact_sum(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  const float* terms = kFullRange ? memory.full_range.data() : memory.shared.a.data();
  clear_sums_cuda(sums_of(memory), 1, stream);
  add_terms_cuda(terms, n, sums_of(memory), stream);
  round_sums_cuda(sums_of(memory), 1, memory.shared.ours.data(), stream);
}

void column_sums(const BandwidthMemory& memory, int64_t n, cudaStream_t stream) {
  constexpr int64_t kColumns = BandwidthMemory::kColumns;
  const auto matrix =
      kernels::dense_view<const float>(memory.shared.a.data(), n / kColumns, kColumns);
  clear_sums_cuda(sums_of(memory), kColumns, stream);
  add_column_sums_cuda(matrix, sums_of(memory), stream);
  round_sums_cuda(sums_of(memory), kColumns, memory.shared.ours.data(), stream);
}

constexpr BandwidthKernel kKernels[] = {
    {"exp", 2, 0.85, elementary<rounded::exp_array_cuda>},
    {"log", 2, 0.85, elementary<rounded::log_array_cuda>},
    {"log1p", 2, 0.0, elementary<rounded::log1p_array_cuda>},
    {"expm1", 2, 0.0, elementary<rounded::expm1_array_cuda>},
    {"tanh", 2, 0.0, elementary<rounded::tanh_array_cuda>},
    {"sigmoid", 2, 0.0, elementary<rounded::sigmoid_array_cuda>},
    {"erf", 2, 0.0, elementary<rounded::erf_array_cuda>},
    {"gelu", 2, 0.0, elementary<rounded::gelu_array_cuda>},
    {"gelu_derivative", 2, 0.0, elementary<rounded::gelu_derivative_array_cuda>},
    {"relu", 2, 0.85, relu},
    {"dropout", 2, 0.85, dropout},
    {"adam", 7, 0.85, adam},
    {"exact sum, uniform numbers", 1, 0.85, exact_sum<false>},
    {"exact sum, all exponents", 1, 0.85, exact_sum<true>},
    {"exact column sums, 1024 columns", 1, 0.85, column_sums},
};

/// Finite numbers of any exponent.
std::vector<float> numbers_of_all_exponents(int64_t n) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) {
    const float value = kernels::float_from_bits(kernels::random_word({3, 0, 0}, i));
    values[i] = kernels::is_finite(value) ? value : 1.0f;
  }
  return values;
}

}  // namespace

BandwidthMemory::BandwidthMemory(const DeviceMemory& all)
    : shared(all),
      full_range(std::span<const float>(numbers_of_all_exponents(all.a.size()))),
      sums(kColumns * static_cast<int64_t>(sizeof(ExactSumAccumulator))) {
  kernels::check_cuda(
      cudaMemset(all.workspace.data(), 0, static_cast<size_t>(all.workspace.size())), "cudaMemset");
}

std::vector<Row> bandwidth_rows(const BandwidthMemory& memory) {
  const int64_t n = memory.shared.a.size();
  const auto bytes = static_cast<double>(n) * sizeof(float);
  const Side copy{"copy", 2.0 * bytes, [&memory, n](cudaStream_t stream) {
                    kernels::check_cuda(
                        cudaMemcpyAsync(memory.shared.peers.data(), memory.shared.b.data(),
                                        static_cast<size_t>(n) * sizeof(float),
                                        cudaMemcpyDeviceToDevice, stream),
                        "cudaMemcpyAsync");
                  }};
  std::vector<Row> rows;
  for (const BandwidthKernel& kernel : kKernels) {
    const Side ours{kernel.name, kernel.n_arrays * bytes,
                    [&memory, n, kernel](cudaStream_t stream) { kernel.run(memory, n, stream); }};
    rows.push_back({"Share of copy bandwidth", std::to_string(n) + " numbers", "GB/s", ours, copy,
                    kernel.target_ratio});
  }
  return rows;
}

}  // namespace reprotrain::bench
