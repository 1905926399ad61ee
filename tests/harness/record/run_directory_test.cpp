// SPDX-License-Identifier: Apache-2.0
#include "harness/record/run_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("reprotrain-run-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string sentence_of_open(OpenMode mode) {
    try {
      const RunDirectory directory(root_.string(), mode);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void begin_run() {
    const RunDirectory directory(root_.string(), OpenMode::kNew);
    std::ofstream(directory.paths().config) << "{}";
  }

  fs::path root_;
};

TEST_F(RunDirectoryTest, NewDirectoryGetsItsFolders) {
  const RunDirectory directory(root_.string() + "/", OpenMode::kNew);

  EXPECT_EQ(directory.paths().root, root_.string());
  EXPECT_TRUE(fs::is_directory(root_ / "result"));
  EXPECT_TRUE(fs::is_directory(root_ / "checkpoints"));
  EXPECT_FALSE(directory.has_begun());
}

TEST_F(RunDirectoryTest, ExistingRunIsRefusedWithTheWaysOut) {
  begin_run();

  EXPECT_EQ(sentence_of_open(OpenMode::kNew),
            root_.string() +
                ": exists already; use --resume to go on with it, --force to replace "
                "it, or choose another --out");
}

TEST_F(RunDirectoryTest, ResumeFindsTheRunThatHasBegun) {
  begin_run();

  const RunDirectory directory(root_.string(), OpenMode::kResume);

  EXPECT_TRUE(directory.has_begun());
}

TEST_F(RunDirectoryTest, ForceRemovesTheOldRunOnly) {
  begin_run();
  std::ofstream(root_ / "notes.txt") << "mine";

  const RunDirectory directory(root_.string(), OpenMode::kForce);

  EXPECT_FALSE(fs::exists(root_ / "config.json"));
  EXPECT_TRUE(fs::exists(root_ / "notes.txt"));
}

TEST_F(RunDirectoryTest, ForceNeverTouchesADirectoryThatIsNoRun) {
  fs::create_directories(root_);
  std::ofstream(root_ / "thesis.tex") << "precious";

  EXPECT_NE(sentence_of_open(OpenMode::kForce).find("holds no run"), std::string::npos);
  EXPECT_TRUE(fs::exists(root_ / "thesis.tex"));
}

TEST_F(RunDirectoryTest, SecondProcessIsRefused) {
  const RunDirectory directory(root_.string(), OpenMode::kNew);
  const pid_t child = ::fork();
  if (child == 0) {
    // What a second process sees: resume would be allowed, were it not for the lock.
    std::ofstream(directory.paths().config) << "{}";
    const std::string sentence = sentence_of_open(OpenMode::kResume);
    ::_exit(sentence.find("another process is writing this run") != std::string::npos ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(RunDirectoryTest, LockEndsWithItsHolder) {
  { const RunDirectory directory(root_.string(), OpenMode::kNew); }

  EXPECT_EQ(sentence_of_open(OpenMode::kNew), "");
}

TEST_F(RunDirectoryTest, FileInItsPlaceIsRefused) {
  std::ofstream(root_) << "a file";

  EXPECT_EQ(sentence_of_open(OpenMode::kNew),
            root_.string() + ": is a file, not a directory; choose another --out");
}

}  // namespace
}  // namespace reprotrain::harness
