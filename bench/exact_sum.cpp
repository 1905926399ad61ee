// SPDX-License-Identifier: Apache-2.0
// Speed of exact sums as a share of what memory can be read with, beside sums that promise nothing.
//
//   bench_exact_sum [--quick]      prints JSON: median GB/s of 7 interleaved rounds, and each
//                                  operator's share of the reading pass of the same round and place
//
// Data lie in memory (256 MiB) or in the second-level cache (128 KiB); they are Gaussian, or have
// exponents drawn from all there are. Time is processor time, divided by the number of threads: other
// work on the machine takes none of it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "engine/device/cpu_threads.h"
#include "kernels/base/cpu_path.h"
#include "kernels/base/float_bits.h"
#include "kernels/base/vector_loop.h"
#include "kernels/random/philox.h"
#include "kernels/reduce/column_statistics.h"
#include "kernels/reduce/column_sums.h"
#include "kernels/reduce/exact_sum.h"

namespace reprotrain {
namespace {

using bench::median;
using bench::seconds;
using kernels::CpuPath;

constexpr int64_t kColumns = 64;
constexpr int kRounds = 7;

float gaussian(uint64_t i) {
  const double u = 1.0 - static_cast<double>(kernels::random_unit({1, 0, 0}, 2 * i));
  const double v = static_cast<double>(kernels::random_unit({1, 0, 0}, 2 * i + 1));
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
}

float any_exponent(uint64_t i) {
  const uint32_t word = kernels::random_word({2, 0, 0}, i);
  const uint32_t field = (word >> 23 & 0xffu) % 255u;
  return kernels::float_from_bits((word & 0x807fffffu) | field << 23);
}

std::vector<float> data_of(float (*draw)(uint64_t), size_t n) {
  constexpr size_t kDrawn = size_t{1} << 20;
  std::vector<float> values(n);
  for (size_t i = 0; i < std::min(n, kDrawn); ++i) values[i] = draw(i);
  for (size_t i = kDrawn; i < n; ++i) values[i] = values[i - kDrawn];
  return values;
}

volatile double sink;

/// What an optimising compiler makes of reading everything once.
struct ReadPieces {
  static constexpr int64_t kPiece = 4096;
  const float* data;
  uint64_t* result;
  void operator()(int64_t piece) const {
    typedef uint64_t Words __attribute__((vector_size(32)));
    Words seen[4] = {};
    for (int64_t i = 0; i < kPiece; i += 32) {
      for (int64_t v = 0; v < 4; ++v) {
        Words words;
        memcpy(&words, data + piece * kPiece + i + 8 * v, sizeof words);
        seen[v] ^= words;
      }
    }
    const Words all = (seen[0] ^ seen[1]) ^ (seen[2] ^ seen[3]);
    for (int lane = 0; lane < 4; ++lane) *result ^= all[lane];
  }
};

double read_all(const std::vector<float>& values, const kernels::Parallel& parallel) {
  const auto n_pieces = static_cast<int64_t>(values.size()) / ReadPieces::kPiece;
  std::atomic<uint64_t> seen = 0;
  parallel.for_ranges(n_pieces, 8, [&](int64_t begin, int64_t end) {
    uint64_t of_range = 0;
    kernels::row_loop(ReadPieces{values.data(), &of_range}, begin, end);
    seen ^= of_range;
  });
  return static_cast<double>(seen.load());
}

float pairwise(const float* x, size_t n) {
  if (n <= 128) {
    float lane[8] = {};
    for (size_t i = 0; i + 8 <= n; i += 8) {
      for (size_t l = 0; l < 8; ++l) lane[l] += x[i + l];
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  }
  const size_t half = n / 2 / 8 * 8;
  return pairwise(x, half) + pairwise(x + half, n - half);
}

double plain_loop(const std::vector<float>& values) {
  float sum = 0.0f;
  for (const float x : values) sum += x;
  return static_cast<double>(sum);
}

struct Operator {
  const char* name;
  bool threads;  ///< whether it can use more than one
  std::function<double(const std::vector<float>&, const kernels::Parallel&)> run;
};

std::vector<Operator> operators(const std::vector<int64_t>& rows) {
  const auto matrix = [](const std::vector<float>& values) {
    return kernels::dense_view(values.data(), static_cast<int64_t>(values.size()) / kColumns,
                               kColumns);
  };
  return {
      {"read", true, read_all},
      {"plain loop", false, [](const auto& values, const auto&) { return plain_loop(values); }},
      {"std::reduce", false,
       [](const auto& values, const auto&) {
         return static_cast<double>(std::reduce(values.begin(), values.end(), 0.0f));
       }},
      {"pairwise", false,
       [](const auto& values, const auto&) {
         return static_cast<double>(pairwise(values.data(), values.size()));
       }},
      {"exact_sum", true,
       [](const auto& values, const auto& parallel) {
         return kernels::exact_sum(std::span<const float>(values), parallel);
       }},
      {"exact_norm", true,
       [](const auto& values, const auto& parallel) {
         return kernels::exact_norm(values, parallel);
       }},
      {"exact_column_sums", true,
       [matrix](const auto& values, const auto& parallel) {
         std::vector<float> sums(kColumns);
         kernels::exact_column_sums(matrix(values), sums, parallel);
         return static_cast<double>(sums[0]);
       }},
      {"column_moments", true,
       [matrix, &rows](const auto& values, const auto& parallel) {
         std::vector<kernels::ColumnMoments> moments(kColumns);
         kernels::column_moments(matrix(values), std::span(rows).first(values.size() / kColumns),
                                 moments, parallel);
         return moments[0].variance;
       }},
  };
}

struct Place {
  const char* name;
  size_t n_values;
  int repeats;
};

void measure(const char* data_name, const Place& place, const std::vector<float>& values,
             const std::vector<int64_t>& rows, int n_threads, bool& first) {
  const engine::CpuThreads threads(n_threads);
  const std::vector<Operator> all = operators(rows);
  std::vector<std::vector<double>> rates(all.size()), shares(all.size());
  const clockid_t clock = n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
  for (int round = 0; round <= kRounds; ++round) {
    for (size_t i = 0; i < all.size(); ++i) {
      if (n_threads > 1 && !all[i].threads) continue;
      const double start = seconds(clock);
      for (int repeat = 0; repeat < place.repeats; ++repeat) sink = all[i].run(values, threads);
      const double elapsed = (seconds(clock) - start) / n_threads;
      const double rate = 4e-9 * static_cast<double>(values.size()) * place.repeats / elapsed;
      if (round == 0) continue;  // warms up
      rates[i].push_back(rate);
      shares[i].push_back(rate / rates[0].back());
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (rates[i].empty()) continue;
    std::printf(
        "%s\n  {\"operator\": \"%s\", \"data\": \"%s\", \"place\": \"%s\", \"path\": \"%s\", "
        "\"threads\": %d, \"gb_per_s\": %.2f, \"share_of_read\": %.3f}",
        first ? "" : ",", all[i].name, data_name, place.name,
        std::string(kernels::name_of(kernels::cpu_path())).c_str(), n_threads, median(rates[i]),
        median(shares[i]));
    first = false;
  }
  std::fflush(stdout);
}

int measure_all(bool quick) {
  const Place places[] = {{"memory", size_t{1} << (quick ? 24 : 26), 1},
                          {"cache", size_t{1} << 15, quick ? 50 : 500}};
  std::vector<int64_t> rows((size_t{1} << 26) / kColumns);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  bool first = true;
  std::printf("{\"benchmark\": \"exact_sum\", \"results\": [");
  for (const Place& place : places) {
    const std::vector<float> narrow = data_of(gaussian, place.n_values);
    const std::vector<float> wide = data_of(any_exponent, place.n_values);
    for (const CpuPath path : kernels::available_cpu_paths()) {
      const kernels::CpuPathScope scope(path);
      for (const int n_threads : {1, 2}) {
        if (n_threads > 1 && std::string_view(place.name) == "cache") continue;
        measure("gaussian", place, narrow, rows, n_threads, first);
        measure("all exponents", place, wide, rows, n_threads, first);
      }
    }
  }
  std::printf("\n]}\n");
  return 0;
}

}  // namespace
}  // namespace reprotrain

int main(int argc, char** argv) {
  bool quick = false;
  reprotrain::bench::CommandLine line(
      "bench_exact_sum", "Exact sums as a share of what memory can be read with: JSON.");
  line.flag("--quick", quick, "a quarter of the data, fewer repeats");
  return line.run(argc, argv, [&quick] { return reprotrain::measure_all(quick); });
}
