// SPDX-License-Identifier: Apache-2.0
// Checks a correctly rounded function on every binary32 argument, all 2^32 of them.
//
//   reprotrain_exhaustive FUNCTION [--begin BITS] [--end BITS] [--hard N] [--path binary64|pair|quick]
//
// --path binary64 (the default) is the check against MPFR. Both forms, scalar and array, are
// checked; see tests/oracle/rounding_check.h for how. Prints mismatches, and every argument whose
// value lies within 2^-N units in the last place of a rounding boundary (default 28), in the format
// of tests/golden/elementary.kat. Hard subnormal arguments are counted, not printed: every odd one
// is next to a tie of gelu.
//
// --path pair checks the estimates in binary32 pairs against the binary64 path, --path quick the quick
// estimates: wherever such an estimate decides, it must give the same float, and it must keep the
// bound that it claims (see tests/oracle/estimate_check.h). Exit 1 on a mismatch or a broken bound.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "kernels/base/float_bits.h"
#include "tests/oracle/estimate_check.h"
#include "tests/oracle/rounding_check.h"

namespace reprotrain {
namespace {

using kernels::bits_of;
using Count = unsigned long long;  // what printf can name

struct Request {
  std::string function;
  uint64_t begin = 0;
  uint64_t end = 1ull << 32;
  double hard = 28.0;
  std::string path = "binary64";
};

Request parsed(int argc, char** argv) {
  Request request;
  request.function = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--begin") request.begin = std::strtoull(argv[i + 1], nullptr, 0);
    if (option == "--end") request.end = std::strtoull(argv[i + 1], nullptr, 0);
    if (option == "--hard") request.hard = std::strtod(argv[i + 1], nullptr);
    if (option == "--path") request.path = argv[i + 1];
  }
  return request;
}

/// Prints what the oracle was asked about, and counts the hard cases.
class Printer {
 public:
  explicit Printer(const Request& request) : request_(request) {}

  void operator()(float x, uint32_t ours, const oracle::Verdict& truth) {
    if (truth.bits != ours) {
      std::printf("MISMATCH %s(%08x) is %08x, must be %08x\n", request_.function.c_str(),
                  bits_of(x), ours, truth.bits);
    }
    if (truth.hardness < request_.hard) return;
    ++n_hard_;
    const bool is_subnormal = (bits_of(x) & 0x7f800000u) == 0;
    if (is_subnormal && request_.hard > 0.0) return;
    std::printf("oracle %s %08x = %08x\n", request_.function.c_str(), bits_of(x), truth.bits);
  }
  Count n_hard() const { return n_hard_; }

 private:
  const Request& request_;
  Count n_hard_ = 0;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

int run_binary64(const Request& request) {
  const Stopwatch stopwatch;
  Printer printer(request);
  const oracle::Filter filter =
      request.hard > 0.0 ? oracle::Filter::kLibrary : oracle::Filter::kNone;
  const oracle::Tally tally = oracle::check_bits(oracle::function_named(request.function), filter,
                                                 request.begin, request.end, 1, std::ref(printer));
  std::printf(
      "# %s [0x%08llx, 0x%08llx): %llu arguments, %llu mismatches, %llu hard cases (>= %.0f), %s "
      "asked %llu times, %.0f s\n",
      request.function.c_str(), Count{request.begin}, Count{request.end}, Count{tally.n_arguments},
      Count{tally.n_mismatches}, printer.n_hard(), request.hard, oracle::version().c_str(),
      Count{tally.n_put_to_mpfr}, stopwatch.seconds());
  return tally.n_mismatches == 0 ? 0 : 1;
}

int run_first_estimates(const Request& request) {
  const Stopwatch stopwatch;
  const auto complain = [&](float x, uint32_t first, uint32_t binary64) {
    std::printf("MISMATCH %s(%08x) by %s estimate: %08x (or beyond its bound), must be %08x\n",
                request.function.c_str(), bits_of(x), request.path.c_str(), first, binary64);
  };
  const auto check = request.path == "quick" ? oracle::check_quick : oracle::check_pairs;
  const oracle::EstimateTally tally =
      check(request.function, request.begin, request.end, 1, complain);
  std::printf(
      "# %s %s [0x%08llx, 0x%08llx): %llu arguments, %llu mismatches, %llu beyond the bound, "
      "%llu undecided, worst %.3f of the bound, %.0f s\n",
      request.function.c_str(), request.path.c_str(), Count{request.begin}, Count{request.end},
      Count{tally.n_arguments}, Count{tally.n_mismatches}, Count{tally.n_beyond_bound},
      Count{tally.n_undecided}, tally.worst_share_of_bound, stopwatch.seconds());
  const bool keeps_bound = tally.n_beyond_bound == 0 && tally.worst_share_of_bound < 1.0;
  return tally.n_mismatches == 0 && keeps_bound ? 0 : 1;
}

int run(const Request& request) {
  return request.path == "binary64" ? run_binary64(request) : run_first_estimates(request);
}

}  // namespace
}  // namespace reprotrain

int main(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) {
    std::fprintf(
        stderr,
        "usage: %s FUNCTION [--begin BITS] [--end BITS] [--hard N] [--path binary64|pair|quick]\n",
        argv[0]);
    return 2;
  }
  return reprotrain::run(reprotrain::parsed(argc, argv));
}
