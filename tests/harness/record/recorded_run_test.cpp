// SPDX-License-Identifier: Apache-2.0
#include "harness/record/recorded_run.h"

#include <gtest/gtest.h>

#include "harness/cli/progress.h"
#include "tests/support/serial_device.h"
#include "tests/support/temporary_directory.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace reprotrain::harness {
namespace {

constexpr const char* kConfig = R"({
  "config_version": 1, "name": "tiny", "seed": 1,
  "data": {"source": "tiny.csv", "target": "y", "split": {"test": 0.25}},
  "model": {"type": "linear_regression"},
  "train": {"epochs": 2, "batch_size": 4, "loss": {"type": "mse"}, "optimizer": {"type": "sgd"}}
})";

/// A table of subnormal features, which flushing arithmetic takes for zeros.
std::string subnormal_table() {
  std::string text = "x,y\n";
  for (int row = 1; row <= 16; ++row)
    text += std::to_string(row) + "e-40," + std::to_string(row) + "\n";
  return text;
}

std::string result_id_of_run(const testing::TemporaryDirectory& folder, const std::string& name) {
  RunDirectory directory(folder.file(name), OpenMode::kNew);
  Progress progress(ProgressStyle::kNone, stderr);
  return run_and_record(load_run_config(folder.file("tiny.json")), directory,
                        testing::serial_device(), progress)
      .at("result_id")
      .get<std::string>();
}

#if defined(__x86_64__)
TEST(RecordedRun, ForeignFloatingPointStateDoesNotReachAValue) {
  const testing::TemporaryDirectory folder;
  folder.write("tiny.csv", subnormal_table());
  folder.write("tiny.json", kConfig);
  const std::string expected = result_id_of_run(folder, "ordinary");
  const unsigned saved = _mm_getcsr();

  _mm_setcsr(saved | 0x8040u);  // flush to zero, denormals are zero: what -ffast-math libraries set
  const std::string flushed = result_id_of_run(folder, "flushed");
  _mm_setcsr(saved | 0x4000u);  // round upward
  const std::string upward = result_id_of_run(folder, "upward");
  _mm_setcsr(saved);

  EXPECT_EQ(flushed, expected);
  EXPECT_EQ(upward, expected);
}
#endif

TEST(RecordedRun, ConfigurationOfAnotherRunCannotBeGoneOnWith) {
  const testing::TemporaryDirectory folder;
  folder.write("tiny.csv", subnormal_table());
  folder.write("tiny.json", kConfig);
  result_id_of_run(folder, "run");
  const RunConfig other =
      load_run_config(folder.file("tiny.json"), std::vector<std::string>{"train.batch_size=5"});

  EXPECT_THROW(require_resumable(other, RunPaths(folder.file("run"))), Error);
}

}  // namespace
}  // namespace reprotrain::harness
