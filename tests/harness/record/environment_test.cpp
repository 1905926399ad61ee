// SPDX-License-Identifier: Apache-2.0
#include "harness/record/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/record/canonical_json.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;

// A folder that stands for the root of another machine.
class FakeRoot {
 public:
  FakeRoot() : path_(folder_.file("root")) { fs::create_directories(path_); }

  void add(const std::string& path, const std::string& text) const {
    fs::create_directories((path_ / path).parent_path());
    std::ofstream(path_ / path) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  testing::TemporaryDirectory folder_;
  fs::path path_;
};

TEST(Environment, ThisMachineIsDescribed) {
  const Json environment = environment_json();
  EXPECT_EQ(environment["program"]["executable_sha256"].get<std::string>().size(), 64u);
  EXPECT_NE(environment["program"]["flags"].get<std::string>().find("-ffp-contract=off"),
            std::string::npos);
  EXPECT_GT(environment["cpu"]["cores"], 0);
  EXPECT_GT(environment["memory_bytes"], 1 << 20);
  EXPECT_EQ(environment["libc"].get<std::string>().rfind("glibc ", 0), 0u);
  EXPECT_GE(environment["libraries"].size(), 3u);
  for (const auto& [name, digest] : environment["libraries"].items()) {
    EXPECT_EQ(name.find('/'), std::string::npos) << "names, not paths";
    EXPECT_EQ(digest.get<std::string>().size(), 64u) << name;
  }
  EXPECT_EQ(canonical_json(environment), canonical_json(environment_json()))
      << "it can be digested";
}

TEST(Environment, WhatCannotBeHadIsUnknownWithAReason) {
  const FakeRoot root;
  const Json environment = environment_json(root.path());
  EXPECT_EQ(environment["cpu"]["model"], Json({{"unknown", "/proc/cpuinfo does not say"}}));
  EXPECT_EQ(environment["os"]["name"], Json({{"unknown", "/etc/os-release does not say"}}));
  EXPECT_EQ(
      environment["gpu"],
      Json({{"unknown", "no NVIDIA driver is loaded (/proc/driver/nvidia/version is not there)"}}));
  EXPECT_EQ(environment["container"], Json({{"unknown", "no sign of a container"}}));
}

TEST(Environment, ProcessorsOfBothArchitecturesAreRead) {
  const FakeRoot root;
  root.add("proc/cpuinfo",
           "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: sse2 fpu avx\n\n");
  Json cpu = environment_json(root.path())["cpu"];
  EXPECT_EQ(cpu["model"], "Some CPU @ 3 GHz");
  EXPECT_EQ(cpu["flags"], Json({"avx", "fpu", "sse2"}));
  root.add("proc/cpuinfo",
           "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
           "CPU revision\t: 1\n");
  cpu = environment_json(root.path())["cpu"];
  EXPECT_EQ(cpu["model"], "implementer 0x41, part 0xd0c, revision 1");
  EXPECT_EQ(cpu["flags"], Json({"asimd", "fp"}));
}

TEST(Environment, OsContainerAndDriverAreRead) {
  const FakeRoot root;
  root.add("etc/os-release", "NAME=\"X\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  root.add("run/.containerenv",
           "engine=\"podman-4\"\nimage=\"localhost/rt:1\"\nimageid=\"ab12\"\n");
  root.add("proc/driver/nvidia/version",
           "NVRM version: NVIDIA UNIX Module  580.1  Sat\nGCC version:\n");
  root.add("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA T4\nIRQ: 1\n");
  const Json environment = environment_json(root.path());
  EXPECT_EQ(environment["os"]["name"], "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(environment["container"], Json({{"image", "localhost/rt:1"}, {"image_id", "ab12"}}));
  EXPECT_EQ(environment["gpu"]["driver"], "NVIDIA UNIX Module  580.1  Sat");
  EXPECT_EQ(environment["gpu"]["models"], Json({"NVIDIA T4"}));
}

TEST(Environment, OnlyListedVariablesAreRecorded) {
  ::setenv("OMP_NUM_THREADS", "3", 1);
  ::setenv("A_SECRET_TOKEN", "hunter2", 1);
  const Json environment = environment_json();
  ::unsetenv("OMP_NUM_THREADS");
  ::unsetenv("A_SECRET_TOKEN");
  EXPECT_EQ(environment["variables"]["OMP_NUM_THREADS"], "3");
  EXPECT_EQ(canonical_json(environment).find("hunter2"), std::string::npos);
  EXPECT_TRUE(is_recorded_variable("CUDA_VISIBLE_DEVICES"));
  EXPECT_FALSE(is_recorded_variable("MY_CUDA_PATH"));
  EXPECT_FALSE(is_recorded_variable("PATH"));
}

}  // namespace
}  // namespace reprotrain::harness
