// SPDX-License-Identifier: Apache-2.0
#include "harness/record/trace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "engine/data/atomic_file.h"
#include "include/reprotrain/error.h"

namespace reprotrain::harness {
namespace {

class TraceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() /
             ("reprotrain-trace-" + std::to_string(::getpid()) + ".jsonl"))
                .string();
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static engine::StepReport step(int64_t number) {
    engine::StepReport report;
    report.step = number;
    report.loss = 0.5f / static_cast<float>(number + 1);
    report.batch_digest = "b" + std::to_string(number);
    report.tensors = {{"layer0/weight", "w" + std::to_string(number)}, {"layer0/bias", "b"}};
    return report;
  }
  void write_steps(int64_t first, int64_t last) {
    TraceWriter writer(path_, first, head_after(first));
    for (int64_t number = first + 1; number <= last; ++number) writer.append_step(step(number));
    writer.flush();
  }
  /// Chain value that a checkpoint of step `number` would hold.
  std::string head_after(int64_t number) const {
    if (number == 0) return "";
    for (const TraceEntry& entry : read_trace(path_).entries) {
      if (entry.step == number) return entry.chain;
    }
    return "no such step";
  }
  std::string content() const { return engine::read_file(path_); }
  void replace(const std::string& from, const std::string& to) {
    std::string text = content();
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    std::ofstream(path_, std::ios::binary) << text.replace(at, from.size(), to);
  }

  std::string path_;
};

TEST(HexFloat, IsExactAndLocaleFree) {
  EXPECT_EQ(hex_float(0.0), "0x0p+0");
  EXPECT_EQ(hex_float(-0.0), "-0x0p+0");
  EXPECT_EQ(hex_float(1.0), "0x1p+0");
  EXPECT_EQ(hex_float(-0.1), "-0x1.999999999999ap-4");
  EXPECT_EQ(hex_float(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(hex_float(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST_F(TraceTest, WhatIsWrittenIsReadBack) {
  write_steps(0, 3);

  const ReadTrace trace = read_trace(path_);

  EXPECT_EQ(trace.complaint, "");
  ASSERT_EQ(trace.entries.size(), 3u);
  EXPECT_EQ(trace.entries[1].step, 2);
  EXPECT_EQ(trace.entries[1].batch, "b2");
  EXPECT_EQ(trace.entries[1].tensors, step(2).tensors);
}

TEST_F(TraceTest, ResumedTraceHasTheBytesOfAnUninterruptedOne) {
  write_steps(0, 9);
  const std::string whole = content();
  write_steps(0, 6);  // a run that was killed after step 6 ...
  write_steps(4, 9);  // ... and goes on from the checkpoint of step 4

  EXPECT_EQ(content(), whole);
}

TEST_F(TraceTest, TornLastLineIsCutOffOnResume) {
  write_steps(0, 9);
  const std::string whole = content();
  std::filesystem::resize_file(path_, whole.size() * 2 / 3 + 5);

  write_steps(3, 9);

  EXPECT_EQ(content(), whole);
}

TEST_F(TraceTest, ResumeRefusesATraceThatDoesNotLeadToTheCheckpoint) {
  write_steps(0, 9);
  const std::string head = head_after(6);
  replace("\"w3\"", "\"w9\"");

  EXPECT_THROW(TraceWriter(path_, 6, head), Error);
}

TEST_F(TraceTest, ChangedDigestBreaksTheChainAtItsLine) {
  write_steps(0, 5);
  replace("\"w3\"", "\"w9\"");

  const ReadTrace trace = read_trace(path_);

  EXPECT_EQ(trace.complaint, path_ + ":3: the line does not follow from the lines before it");
  EXPECT_EQ(trace.entries.size(), 2u);
}

TEST_F(TraceTest, RemovedLineBreaksTheChain) {
  write_steps(0, 5);
  const std::string text = content();
  const size_t first = text.find('\n') + 1;
  const size_t second = text.find('\n', first) + 1;
  std::ofstream(path_, std::ios::binary) << text.substr(0, first) + text.substr(second);

  EXPECT_EQ(read_trace(path_).complaint,
            path_ + ":2: the line does not follow from the lines before it");
}

TEST_F(TraceTest, CutOffLineIsNamed) {
  write_steps(0, 2);
  std::filesystem::resize_file(path_, content().size() - 3);

  EXPECT_EQ(read_trace(path_).complaint, path_ + ":2: the last line is cut off");
}

TEST_F(TraceTest, EveryBitFlipIsNoticed) {
  write_steps(0, 2);
  const std::string sound = content();
  for (size_t byte = 0; byte < sound.size(); ++byte) {
    std::string flipped = sound;
    flipped[byte] = static_cast<char>(flipped[byte] ^ 4);
    std::ofstream(path_, std::ios::binary) << flipped;
    ASSERT_NE(read_trace(path_).complaint, "") << "byte " << byte;
  }
}

}  // namespace
}  // namespace reprotrain::harness
