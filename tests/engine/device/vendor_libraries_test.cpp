// SPDX-License-Identifier: Apache-2.0
#include "engine/device/vendor_libraries.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/device/fake_libraries.h"

namespace reprotrain::engine {
namespace {

using testing::FakeMachine;

const VendorLibrary& cublas_lt() { return vendor_library_called("libcublasLt"); }
const VendorLibrary& cudnn() { return vendor_library_called("libcudnn"); }

/// As a module that was built with CUDA 13.0 asks.
VendorLibraryReport find(const VendorLibrary& library, const LibrarySearch& search) {
  return find_vendor_library(library, requirement_for(library, 13000), search);
}

constexpr const char* kFile = "libcublasLt.so.13";

TEST(VendorLibraries, AMachineWithoutThemSaysWhatWasLookedFor) {
  const FakeMachine machine;
  const VendorLibraryReport report = find(cublas_lt(), machine.search());
  EXPECT_FALSE(report.is_found());
  EXPECT_EQ(report.name, "cuBLASLt");
  EXPECT_EQ(report.reason, "no libcublasLt.so.13 in the places that are searched");
  EXPECT_TRUE(report.passed_over.empty());
}

TEST(VendorLibraries, AnUnknownNameIsACallersMistake) {
  EXPECT_THROW(vendor_library_called("libcurand"), std::invalid_argument);
  EXPECT_EQ(vendor_library_called("libcuda").name, "NVIDIA driver");
}

// Every place on its own, then all of them, of which the first counts.
TEST(VendorLibraries, EveryPlaceIsSearchedInTheOrderOfTheDocument) {
#if defined(__aarch64__)
  const std::string target = "sbsa-linux", triplet = "aarch64-linux-gnu";
#else
  const std::string target = "x86_64-linux", triplet = "x86_64-linux-gnu";
#endif
  const FakeMachine machine;
  LibrarySearch search = machine.search();
  search.variables = {{"CUDA_HOME", machine.path("home_of_cuda")},
                      {"CUDA_PATH", machine.path("path_of_cuda")},
                      {"VIRTUAL_ENV", machine.path("venv")},
                      {"CONDA_PREFIX", machine.path("conda")},
                      {"HOME", machine.path("home/user")}};
  const std::vector<std::pair<std::string, std::string>> places = {
      {"package/bin/", "package"},
      {"package/lib/reprotrain/", "package"},
      {"home_of_cuda/lib64/", "CUDA_HOME"},
      {"home_of_cuda/targets/" + target + "/lib/", "CUDA_HOME"},
      {"home_of_cuda/lib/", "CUDA_HOME"},
      {"path_of_cuda/lib64/", "CUDA_PATH"},
      {"usr/local/cuda/lib64/", "toolkit"},
      {"usr/local/cuda-13.10/lib64/", "toolkit"},
      {"usr/local/cuda-13.9/targets/" + target + "/lib/", "toolkit"},
      {"usr/local/cuda-12.8/lib64/", "toolkit"},
      {"usr/lib/" + triplet + "/", "system"},
      {"usr/lib64/", "system"},
      {"usr/lib/", "system"},
      {"venv/lib/python3.12/site-packages/nvidia/cublas/lib/", "VIRTUAL_ENV"},
      {"venv/lib/python3.9/site-packages/nvidia/cu13/lib/", "VIRTUAL_ENV"},
      {"venv/lib/python3.8/site-packages/nvidia/cublas/lib/", "VIRTUAL_ENV"},
      {"conda/lib/", "CONDA_PREFIX"},
      {"conda/lib/python3.11/site-packages/nvidia/cublas/lib/", "CONDA_PREFIX"},
      {"home/user/.local/lib/python3.11/site-packages/nvidia/cublas/lib/", "Python"},
      {"usr/local/lib/python3.11/dist-packages/nvidia/cublas/lib/", "Python"},
      {"usr/lib/python3/dist-packages/nvidia/cublas/lib/", "Python"},
  };
  for (auto it = places.rbegin(); it != places.rend(); ++it) {
    const std::string file = machine.install("cuda13", it->first + kFile);
    const VendorLibraryReport report = find(cublas_lt(), search);
    EXPECT_EQ(report.path, file);
    EXPECT_EQ(report.place, it->second);
    EXPECT_EQ(report.version.text(), "13.1.2");
    EXPECT_EQ(report.reason, "");
  }
}

TEST(VendorLibraries, TheLoaderFindsWhatTheProcessMayLoad) {
  // The loader read LD_LIBRARY_PATH when this process began, so the search must be seen to ask it at
  // its place: after the package, before toolkits.
  const FakeMachine machine;
  LibrarySearch search = machine.search();
  search.asks_loader = true;
  std::vector<std::string> names;
  for (const SearchPlace& place : search_places(search)) {
    if (names.empty() || names.back() != place.name) names.push_back(place.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"package", "loader", "toolkit", "system"}));
}

TEST(VendorLibraries, AnotherMajorVersionIsNamedAndPassedOver) {
  const FakeMachine machine;
  const std::string other = machine.install("cuda12", "usr/local/cuda/lib64/libcublasLt.so.12");
  VendorLibraryReport report = find(cublas_lt(), machine.search());
  EXPECT_FALSE(report.is_found());
  EXPECT_EQ(report.reason, other +
                               " is version 12.8.4, of another major version than 13, which the "
                               "CUDA module is built for");
  ASSERT_EQ(report.passed_over.size(), 1u);
  EXPECT_EQ(report.passed_over[0].path, other);

  // Its name may claim what it is not.
  const std::string liar = machine.install("cuda12", "package/bin/libcublasLt.so.13");
  const std::string good = machine.install("cuda13", "usr/lib/libcublasLt.so.13");
  report = find(cublas_lt(), machine.search());
  EXPECT_EQ(report.path, good);
  ASSERT_EQ(report.passed_over.size(), 1u) << "the fitting name comes first, everywhere";
  EXPECT_EQ(report.passed_over[0].path, liar);
}

TEST(VendorLibraries, WithoutAModuleAnyVersionIsToldTheNewestFirst) {
  const FakeMachine machine;
  machine.install("cuda12", "usr/lib/libcublasLt.so.12");
  const std::string newest = machine.install("cuda13", "usr/lib/libcublasLt.so.13");
  const VendorLibraryReport report =
      find_vendor_library(cublas_lt(), requirement_for(cublas_lt(), 0), machine.search());
  EXPECT_EQ(report.path, newest);
}

TEST(VendorLibraries, AnOldCudnnIsTooOld) {
  const FakeMachine machine;
  const std::string old = machine.install("cudnn8", "usr/lib/libcudnn.so.8");
  EXPECT_EQ(find(cudnn(), machine.search()).reason,
            old +
                " is version 8.9.7, of another major version than 9, which the CUDA module is "
                "built for");
  const std::string good = machine.install("cudnn9", "usr/lib/libcudnn.so.9");
  EXPECT_EQ(find(cudnn(), machine.search()).path, good);
  const VendorLibraryReport newer = find_vendor_library(cudnn(), {9, 20}, machine.search());
  EXPECT_EQ(newer.reason, good + " is version 9.19.0, too old: 9.20 or later is needed");
}

TEST(VendorLibraries, OneFileUnderManyNamesIsAskedOnce) {
  const FakeMachine machine;
  machine.install("cuda12", "usr/local/cuda-12.8/lib64/libcublasLt.so.13");
  std::filesystem::create_directory_symlink("cuda-12.8", machine.path("usr/local/cuda"));
  EXPECT_EQ(find(cublas_lt(), machine.search()).passed_over.size(), 1u);
}

class BrokenLibraries : public ::testing::Test {
 protected:
  /// The sentence about a library that is all there is, and that the next place makes up for it.
  std::string reason() {
    const VendorLibraryReport broken = find(cublas_lt(), search_);
    EXPECT_FALSE(broken.is_found());
    EXPECT_EQ(broken.reason.rfind(file_, 0), 0u) << broken.reason;
    const std::string good = machine_.install("cuda13", std::string("usr/lib/") + kFile);
    EXPECT_EQ(find(cublas_lt(), search_).path, good);
    return broken.reason.substr(file_.size());
  }

  void install(const std::string& fake) {
    file_ = machine_.install(fake, std::string("package/bin/") + kFile);
  }

  FakeMachine machine_;
  LibrarySearch search_ = machine_.search();
  std::string file_;
};

TEST_F(BrokenLibraries, ACrashIsASentence) {
  install("crashing");
  EXPECT_EQ(reason(), " is not usable: a process that loaded it crashed (Segmentation fault)");
}

TEST_F(BrokenLibraries, AnEndOfTheProcessIsASentence) {
  install("ending");
  EXPECT_EQ(reason(), " is not usable: a process that loaded it stopped in the middle");
}

TEST_F(BrokenLibraries, SilenceIsASentence) {
  install("hanging");
  search_.patience_ms = 1000;
  EXPECT_EQ(reason(), " is not usable: a process that loaded it gave no answer within 1 s");
}

TEST_F(BrokenLibraries, AnotherLibraryOfThatNameIsASentence) {
  install("empty");
  EXPECT_EQ(reason(), " has no function cublasLtGetProperty");
}

TEST_F(BrokenLibraries, ATextOfThatNameIsASentence) {
  install("cuda13");
  std::ofstream(file_, std::ios::trunc) << "no library at all\n";
  EXPECT_NE(reason().find(" cannot be loaded: "), std::string::npos);
}

TEST_F(BrokenLibraries, HalfALibraryIsASentence) {
  install("cuda13");
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 3);
  const std::string said = reason();
  EXPECT_TRUE(said.find(" cannot be loaded: ") == 0 || said.find(" is not usable: ") == 0) << said;
}

TEST(VendorLibraries, ADriverIsTooOldByWhatItServes) {
  const VendorLibrary& driver = nvidia_driver_library();
  EXPECT_EQ(requirement_for(driver, 13000).major, 13);
  const FakeMachine machine;
  const VendorLibraryReport report = find(driver, machine.search());
  EXPECT_EQ(report.reason, "this machine has no NVIDIA driver")
      << "only the loader may find it, and it was not asked";
}

}  // namespace
}  // namespace reprotrain::engine
