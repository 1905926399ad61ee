// SPDX-License-Identifier: Apache-2.0
// A CUDA device that falls away at any call: a sentence, whole files or none, and a run that can be gone on
// with.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <string>

#include "engine/device/cuda/cuda_device.h"
#include "engine/run_outputs.h"
#include "harness/cli/progress.h"
#include "harness/record/recorded_run.h"
#include "harness/record/run_record.h"
#include "tests/emulated_cuda/runtime_faults.h"
#include "tests/support/serial_device.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;
using emulated_cuda::RuntimeFaultScope;

constexpr const char* kConfig = R"({
  "config_version": 1, "name": "tiny", "seed": 1,
  "data": {"source": "tiny.csv", "target": "y", "split": {"test": 0.25}},
  "model": {"type": "mlp", "hidden": [3], "dropout": 0.25},
  "train": {"epochs": 1, "batch_size": 6, "loss": {"type": "mse"}, "clip_norm": 0.5,
            "optimizer": {"type": "adam"}},
  "output": {"trace_stride": 2, "checkpoint_stride": 1}
})";

class LostDevice : public ::testing::Test {
 protected:
  LostDevice() {
    std::string table = "x,y\n";
    for (int row = 0; row < 16; ++row) {
      table += std::to_string(row) + "," + std::to_string(2 * row + 1) + "\n";
    }
    folder_.write("tiny.csv", table);
    folder_.write("tiny.json", kConfig);
  }

  std::string run_on(engine::ComputeDevice& device, const std::string& name, OpenMode mode) {
    RunDirectory directory(folder_.file(name), mode);
    Progress progress(ProgressStyle::kNone, stderr);
    return run_and_record(load_run_config(folder_.file("tiny.json")), directory, device, progress)
        .at("result_id");
  }

  /// The same, on an emulated device that falls away at a call; what is said then.
  std::string complaint_at(const std::string& name, uint64_t call, uint64_t& n_calls) {
    const RuntimeFaultScope fault(call, cudaErrorLaunchFailure);
    std::string complaint;
    try {
      engine::CudaDevice device(0, 0, std::make_unique<kernels::TiledInt8Gemm>(), nullptr, serial_);
      run_on(device, name, OpenMode::kNew);
    } catch (const kernels::CudaError& error) {
      complaint = error.what();  // of the constructor: the module makes a sentence of it
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
      complaint = error.what();
      EXPECT_NE(complaint.find("cuda:0 emulated failed: "), std::string::npos) << complaint;
    }
    n_calls = fault.n_calls();
    return complaint;
  }

  testing::TemporaryDirectory folder_;
  kernels::SerialParallel serial_;
};

TEST_F(LostDevice, LeavesARunThatEndsElsewhereWithTheSameResult) {
  const std::string expected = run_on(testing::serial_device(), "whole", OpenMode::kNew);
  uint64_t n_calls = 0;
  EXPECT_EQ(complaint_at("undisturbed", std::numeric_limits<uint64_t>::max(), n_calls), "");
  EXPECT_EQ(read_record(folder_.file("undisturbed/run.json")).at("result_id"), expected);
  ASSERT_GT(n_calls, 100u);
  const uint64_t n_all = n_calls;
  RecordProperty("calls", static_cast<int>(n_all));
  for (uint64_t call = 0; call < n_all; ++call) {
    SCOPED_TRACE("call " + std::to_string(call) + " of " + std::to_string(n_all));
    const std::string name = "lost" + std::to_string(call);
    const std::string complaint = complaint_at(name, call, n_calls);
    const RunPaths paths(folder_.file(name));
    if (complaint.empty()) {  // memory was given back, and nothing else was left to do
      EXPECT_EQ(read_record(paths.record).at("result_id"), expected);
      continue;
    }
    EXPECT_NE(complaint.find("cudaErrorLaunchFailure"), std::string::npos) << complaint;
    EXPECT_EQ(complaint.find('\n'), std::string::npos);
    EXPECT_FALSE(fs::exists(paths.record));
    if (fs::exists(paths.model)) {
      EXPECT_NO_THROW(engine::read_model(paths.model, testing::serial_device()));
    }
    constexpr uint64_t kResumed = 8;  // one of so many: a resume writes and syncs many files
    if (call % kResumed == 0) {
      const OpenMode mode = fs::exists(paths.root) ? OpenMode::kResume : OpenMode::kNew;
      ASSERT_EQ(run_on(testing::serial_device(), name, mode), expected);
    }
    fs::remove_all(paths.root);
  }
}

}  // namespace
}  // namespace reprotrain::harness
