// SPDX-License-Identifier: Apache-2.0
// What it costs to hand a loop to threads and to wait for them, by CpuThreads, TBB and OpenMP, as
// JSON lines: nanoseconds of a call with one body for each thread, and the share that exceeds a body.
//
//   bench_fork_join [--threads N] [--repeats 7] [--work NANOSECONDS] [--gap NANOSECONDS]
// Every body is busy for `work`; between two calls the caller is busy for the gap, as with the
// serial parts of a training step. The time of a call is the median of 2,000, and of the repeats
// the median counts; before each one the threads of other contenders fall asleep.
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/command_line.h"
#include "bench/timing.h"
#include "engine/device/cpu_threads.h"

namespace reprotrain::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int n_threads = 2;
  int repeats = 7;
  int64_t work_ns = 10'000;
  int64_t gap_ns = 0;
};

struct Contender {
  const char* name;
  std::function<void(const std::function<void(int)>&)> run;  ///< body(i) for i < n_threads
};

void stay_busy(int64_t ns) {
  const auto end = Clock::now() + std::chrono::nanoseconds(ns);
  while (ns > 0 && Clock::now() < end) {
  }
}

/// Nanoseconds of a call, after a few that wake the threads.
double measure(const Contender& contender, const Options& options) {
  constexpr int kCalls = 2000;
  constexpr int kWarmCalls = 100;
  const std::function<void(int)> body = [&](int) { stay_busy(options.work_ns); };
  std::vector<double> times;
  for (int i = 0; i < kWarmCalls + kCalls; ++i) {
    stay_busy(options.gap_ns);
    const auto start = Clock::now();
    contender.run(body);
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
    if (i >= kWarmCalls) times.push_back(elapsed.count());
  }
  return median(std::move(times));
}

std::vector<Contender> contenders_of(const Options& options, const engine::CpuThreads& threads,
                                     tbb::task_arena& arena) {
  const int n = options.n_threads;
  return {{"cpu_threads",
           [n, &threads](const std::function<void(int)>& body) {
             threads.for_ranges(n, 1, [&](int64_t begin, int64_t end) {
               for (; begin < end; ++begin) body(static_cast<int>(begin));
             });
           }},
          {"tbb_parallel_for",
           [n, &arena](const std::function<void(int)>& body) {
             arena.execute([&] { tbb::parallel_for(0, n, body); });
           }},
          {"tbb_static",
           [n, &arena](const std::function<void(int)>& body) {
             arena.execute([&] { tbb::parallel_for(0, n, body, tbb::static_partitioner()); });
           }},
          {"openmp", [n](const std::function<void(int)>& body) {
#pragma omp parallel for num_threads(n) schedule(static)
             for (int i = 0; i < n; ++i) body(i);
           }}};
}

void run(const Options& options) {
  const engine::CpuThreads threads(options.n_threads);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<size_t>(options.n_threads));
  tbb::task_arena arena(options.n_threads);
  const std::vector<Contender> contenders = contenders_of(options, threads, arena);
  std::vector<std::vector<double>> samples(contenders.size());
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < contenders.size(); ++i) {
      let_threads_fall_asleep();
      samples[i].push_back(measure(contenders[i], options));
    }
  }
  for (size_t i = 0; i < contenders.size(); ++i) {
    const double ns = median(samples[i]);
    std::printf(
        "{\"threads\": %d, \"work_ns\": %lld, \"gap_ns\": %lld, \"how\": \"%s\", \"ns\": %.0f, "
        "\"excess_ns\": %.0f}\n",
        options.n_threads, static_cast<long long>(options.work_ns),
        static_cast<long long>(options.gap_ns), contenders[i].name, ns,
        ns - static_cast<double>(options.work_ns));
  }
}

}  // namespace
}  // namespace reprotrain::bench

int main(int argc, char** argv) {
  using namespace reprotrain::bench;
  Options options;
  CommandLine line("bench_fork_join", "What it costs to hand a loop to threads, in nanoseconds.");
  line.option("--threads", options.n_threads, "threads, each with one body");
  line.option("--repeats", options.repeats, "rounds, of which the median counts");
  line.option("--work", options.work_ns, "nanoseconds that a body is busy", 0);
  line.option("--gap", options.gap_ns, "nanoseconds between two calls", 0);
  return line.run(argc, argv, [&options] {
    run(options);
    return 0;
  });
}
