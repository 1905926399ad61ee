// SPDX-License-Identifier: Apache-2.0
// The correctly rounded functions over arrays beside glibc (a scalar loop, and libmvec) and SLEEF.
//
//   bench_elementary [FUNCTION...]            prints JSON: 10^9 elements a second, one thread
//
// Every contender in turn runs over the same 16,384 arguments, several times over; 7 such rounds,
// interleaved; the median counts. Thread CPU time, so that a busy machine distorts ratios little.
// libmvec (4 ulp) and SLEEF (u10: 1 ulp) are not correctly rounded; nor is glibc's scalar form.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "kernels/base/cpu_path.h"
#include "kernels/elementwise/elementary_array.h"
#include "kernels/random/philox.h"

#if defined(__x86_64__) && defined(RPT_BENCH_PEERS)
#include <immintrin.h>
// SLEEF's own header declares these only when the whole file is compiled for AVX.
extern "C" {
__m256 _ZGVdN8v_expf(__m256);
__m256 _ZGVdN8v_logf(__m256);
__m256 _ZGVdN8v_log1pf(__m256);
__m256 _ZGVdN8v_expm1f(__m256);
__m256 _ZGVdN8v_tanhf(__m256);
__m256 _ZGVdN8v_erff(__m256);
__m256 Sleef_expf8_u10avx2(__m256);
__m256 Sleef_logf8_u10avx2(__m256);
__m256 Sleef_log1pf8_u10avx2(__m256);
__m256 Sleef_expm1f8_u10avx2(__m256);
__m256 Sleef_tanhf8_u10avx2(__m256);
__m256 Sleef_erff8_u10avx2(__m256);
}
#else
#undef RPT_BENCH_PEERS
#endif

namespace reprotrain {
namespace {

namespace ours = kernels::rounded;

constexpr int64_t kCount = 16384;
constexpr int kRounds = 7;
constexpr int kPasses = 24;

using ArrayFunction = void (*)(const float* x, float* y, int64_t n);

/// y[i] = scalar(x[i]), which the compiler cannot vectorise.
template <float (*scalar)(float)>
void scalar_loop(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = scalar(x[i]);
}

float glibc_exp(float x) { return std::exp(x); }
float glibc_log(float x) { return std::log(x); }
float glibc_log1p(float x) { return std::log1p(x); }
float glibc_expm1(float x) { return std::expm1(x); }
float glibc_tanh(float x) { return std::tanh(x); }
float glibc_sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float glibc_erf(float x) { return std::erf(x); }
float glibc_gelu(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.70710678f)); }
float glibc_gelu_derivative(float x) {
  return 0.5f * (1.0f + std::erf(x * 0.70710678f)) + x * 0.39894228f * std::exp(-0.5f * x * x);
}

#if defined(RPT_BENCH_PEERS)
template <__m256 (*function)(__m256)>
__attribute__((target("avx2,fma"))) void vector_of_8_loop(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += 8) _mm256_storeu_ps(y + i, function(_mm256_loadu_ps(x + i)));
}
#define RPT_VECTOR_OF_8(function) vector_of_8_loop<function>
#else
#define RPT_VECTOR_OF_8(function) nullptr
#endif

/// A function over arguments between `low` and `high`; a peer that has none is nullptr.
struct Case {
  std::string name;
  float low;
  float high;
  ArrayFunction ours;
  ArrayFunction glibc;
  ArrayFunction libmvec;
  ArrayFunction sleef;
};

const Case kCases[] = {
    {"exp", -10.0f, 10.0f, ours::exp_array, scalar_loop<glibc_exp>, RPT_VECTOR_OF_8(_ZGVdN8v_expf),
     RPT_VECTOR_OF_8(Sleef_expf8_u10avx2)},
    {"log", 0.0f, 20.0f, ours::log_array, scalar_loop<glibc_log>, RPT_VECTOR_OF_8(_ZGVdN8v_logf),
     RPT_VECTOR_OF_8(Sleef_logf8_u10avx2)},
    {"log1p", -0.99f, 20.0f, ours::log1p_array, scalar_loop<glibc_log1p>,
     RPT_VECTOR_OF_8(_ZGVdN8v_log1pf), RPT_VECTOR_OF_8(Sleef_log1pf8_u10avx2)},
    {"expm1", -10.0f, 10.0f, ours::expm1_array, scalar_loop<glibc_expm1>,
     RPT_VECTOR_OF_8(_ZGVdN8v_expm1f), RPT_VECTOR_OF_8(Sleef_expm1f8_u10avx2)},
    {"tanh", -5.0f, 5.0f, ours::tanh_array, scalar_loop<glibc_tanh>,
     RPT_VECTOR_OF_8(_ZGVdN8v_tanhf), RPT_VECTOR_OF_8(Sleef_tanhf8_u10avx2)},
    {"sigmoid", -10.0f, 10.0f, ours::sigmoid_array, scalar_loop<glibc_sigmoid>, nullptr, nullptr},
    {"erf", -4.0f, 4.0f, ours::erf_array, scalar_loop<glibc_erf>, RPT_VECTOR_OF_8(_ZGVdN8v_erff),
     RPT_VECTOR_OF_8(Sleef_erff8_u10avx2)},
    {"gelu", -6.0f, 6.0f, ours::gelu_array, scalar_loop<glibc_gelu>, nullptr, nullptr},
    {"gelu_derivative", -6.0f, 6.0f, ours::gelu_derivative_array,
     scalar_loop<glibc_gelu_derivative>, nullptr, nullptr},
};

struct Contender {
  std::string name;
  ArrayFunction function;
  kernels::CpuPath path;
  std::vector<double> gelem_per_s;
};

void run_round(Contender& contender, const std::vector<float>& x, std::vector<float>& y) {
  const kernels::CpuPathScope scope(contender.path);
  contender.function(x.data(), y.data(), kCount);
  const double start = bench::seconds(CLOCK_THREAD_CPUTIME_ID);
  for (int pass = 0; pass < kPasses; ++pass) contender.function(x.data(), y.data(), kCount);
  const double seconds = bench::seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  contender.gelem_per_s.push_back(1e-9 * static_cast<double>(kCount * kPasses) / seconds);
}

std::vector<Contender> contenders_of(const Case& c) {
  const kernels::CpuPath best = kernels::available_cpu_paths().back();
  std::vector<Contender> result;
  for (const kernels::CpuPath path : kernels::available_cpu_paths()) {
    result.push_back({"reprotrain " + std::string(name_of(path)), c.ours, path, {}});
  }
  result.push_back({"glibc scalar", c.glibc, best, {}});
  if (uses_avx2(best) && c.libmvec != nullptr)
    result.push_back({"libmvec avx2", c.libmvec, best, {}});
  if (uses_avx2(best) && c.sleef != nullptr) result.push_back({"sleef avx2", c.sleef, best, {}});
  return result;
}

void print_case(const Case& c, bool is_last) {
  std::vector<float> x(kCount), y(kCount);
  for (int64_t i = 0; i < kCount; ++i) {
    const float unit = kernels::random_unit({1, 0, 0}, static_cast<uint64_t>(i));
    x[static_cast<size_t>(i)] = c.low + (c.high - c.low) * unit;
  }
  std::vector<Contender> contenders = contenders_of(c);
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& contender : contenders) run_round(contender, x, y);
  }
  std::printf("    {\"function\": \"%s\", \"low\": %g, \"high\": %g, \"gelem_per_s\": {",
              c.name.c_str(), static_cast<double>(c.low), static_cast<double>(c.high));
  for (size_t i = 0; i < contenders.size(); ++i) {
    std::printf("%s\"%s\": %.3f", i == 0 ? "" : ", ", contenders[i].name.c_str(),
                bench::median(contenders[i].gelem_per_s));
  }
  std::printf("}}%s\n", is_last ? "" : ",");
}

std::string names_of_cases() {
  std::string names;
  for (const Case& c : kCases) names += (names.empty() ? "" : ", ") + c.name;
  return names;
}

std::vector<const Case*> cases_called(const std::vector<std::string>& names) {
  std::vector<const Case*> chosen;
  for (const Case& c : kCases) {
    if (names.empty()) chosen.push_back(&c);
  }
  for (const std::string& name : names) {
    const auto found = std::find_if(std::begin(kCases), std::end(kCases),
                                    [&](const Case& c) { return c.name == name; });
    if (found == std::end(kCases)) {
      throw std::invalid_argument("unknown function " + name + ": there are " + names_of_cases());
    }
    chosen.push_back(found);
  }
  return chosen;
}

int run(const std::vector<std::string>& names) {
  const std::vector<const Case*> chosen = cases_called(names);
  std::printf(
      "{\n  \"n\": %lld, \"rounds\": %d, \"clock\": \"thread CPU time\",\n  \"results\": [\n",
      static_cast<long long>(kCount), kRounds);
  for (const Case* c : chosen) print_case(*c, c == chosen.back());
  std::printf("  ]\n}\n");
  return 0;
}

}  // namespace
}  // namespace reprotrain

int main(int argc, char** argv) {
  std::vector<std::string> names;
  reprotrain::bench::CommandLine line("bench_elementary",
                                      "10^9 elements a second, one thread, as JSON. Functions: " +
                                          reprotrain::names_of_cases() + ".");
  line.words("FUNCTION...", names, 0, 100);
  return line.run(argc, argv, [&names] { return reprotrain::run(names); });
}
