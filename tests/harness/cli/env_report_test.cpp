// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/env_report.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "harness/record/environment.h"

namespace reprotrain::harness {
namespace {

engine::VendorLibraryReport found(std::string_view name, const std::string& path) {
  engine::VendorLibraryReport report;
  report.name = name;
  report.path = path;
  report.place = "toolkit";
  report.version = {13, 1, 2};
  return report;
}

engine::VendorLibraryReport not_found(std::string_view name, const std::string& reason) {
  engine::VendorLibraryReport report;
  report.name = name;
  report.reason = reason;
  return report;
}

engine::NvidiaDevice device(const std::string& name, int major, int minor) {
  engine::NvidiaDevice device;
  device.name = name;
  device.major = major;
  device.minor = minor;
  device.n_multiprocessors = 132;
  device.memory_bytes = int64_t{80} << 30;
  device.has_ecc = true;
  return device;
}

/// A GPU node on which nothing is missing.
GpuSupport complete() {
  GpuSupport support;
  support.module_file = "/opt/reprotrain/lib/reprotrain/libreprotrain_cuda.so";
  support.cuda_version = 13000;
  support.architectures = "75-real,90-real";
  support.driver = found("NVIDIA driver", "/usr/lib/libcuda.so.1");
  support.devices.devices = {device("NVIDIA H100", 9, 0)};
  support.libraries = {found("cuBLASLt", "/a/libcublasLt.so.13"),
                       found("cuBLAS", "/a/libcublas.so.13"), found("cuDNN", "/a/libcudnn.so.9")};
  return support;
}

/// "what: cost" of the only missing part.
std::string only_missing(const GpuSupport& support) {
  const auto missing = missing_parts(support);
  EXPECT_EQ(missing.size(), 1u);
  return missing.empty() ? "" : missing[0].what + ": " + missing[0].cost;
}

constexpr const char* kNoCuda =
    ": --device cuda is not available; results are the same bits on the CPU";

TEST(EnvReport, ACompleteMachineMissesNothing) {
  const Json report = env_report(environment_json(), complete());
  EXPECT_EQ(report["missing"], Json::array());
  EXPECT_EQ(report["gpu"]["cuda_module"]["cuda_version"], "13.0");
  EXPECT_EQ(report["gpu"]["driver"]["cuda_version"], "13.1");
  EXPECT_EQ(report["gpu"]["cuda_module"]["architectures"][0]["compute_capability"], "7.5");
  EXPECT_EQ(report["gpu"]["devices"][0]["compute_capability"], "9.0");
  EXPECT_EQ(report["gpu"]["devices"][0]["kernels"], "binary");
  EXPECT_EQ(report["gpu"]["devices"][0]["mig_profile"], Json());
  EXPECT_EQ(report["gpu"]["libraries"][2]["name"], "cuDNN");
  EXPECT_GE(report["cpu_paths"]["available"].size(), 1u);
  EXPECT_EQ(report["cpu_paths"]["available"].back(), report["cpu_paths"]["used"]);
  EXPECT_GE(report["threads"], 1);
}

TEST(EnvReport, EveryMissingPartHasItsCost) {
  GpuSupport support = complete();
  support.driver = not_found("NVIDIA driver", "this machine has no NVIDIA driver");
  support.devices = {{}, "this machine has no NVIDIA driver"};
  EXPECT_EQ(only_missing(support), std::string("NVIDIA driver") + kNoCuda);

  support = complete();
  support.devices = {{}, "the NVIDIA driver offers no device to this process"};
  EXPECT_EQ(only_missing(support), std::string("CUDA device") + kNoCuda);

  support = complete();
  support.module_reason = "belongs to another build of reprotrain; install both again";
  EXPECT_EQ(only_missing(support), std::string("CUDA module") + kNoCuda);

  support = complete();
  support.devices.devices.push_back(device("GeForce GTX 1080", 6, 1));
  EXPECT_EQ(
      only_missing(support),
      "kernels for cuda:1: --device cuda:1 is not available; results are the same bits on the "
      "CPU");
  EXPECT_EQ(missing_parts(support)[0].reason,
            "GeForce GTX 1080 has compute capability 6.1, and the CUDA module holds code for 7.5 "
            "and 9.0");

  support.module_reason = "there is none";
  support.architectures = "";
  EXPECT_EQ(missing_parts(support)[0].reason,
            "GeForce GTX 1080 has compute capability 6.1, and they need 7.5");
  EXPECT_EQ(gpu_support_json(support)["devices"][1]["kernels"], Json());
}

TEST(EnvReport, AnEmulatedDeviceMissesNothing) {
  GpuSupport support = complete();
  support.is_emulated = true;
  support.driver = not_found("NVIDIA driver", "not looked for");
  support.devices = {{}, "not looked for"};
  EXPECT_TRUE(missing_parts(support).empty());
  EXPECT_NE(
      env_table(env_report(environment_json(), support)).find("devices        cuda:0, emulated\n"),
      std::string::npos);
}

TEST(EnvReport, EveryLibraryThatIsSearchedHasACost) {
  for (const engine::VendorLibrary& library : engine::vendor_libraries()) {
    GpuSupport support = complete();
    for (auto& one : support.libraries) {
      if (one.name == library.name) one = not_found(library.name, "not here");
    }
    const std::string missing = only_missing(support);
    EXPECT_EQ(missing.rfind(std::string(library.name) + ": ", 0), 0u) << missing;
    EXPECT_GT(missing.size(), library.name.size() + 20) << "a sentence";
  }
}

TEST(EnvReport, TheTableSaysWhatWasFoundAndWhy) {
  GpuSupport support = complete();
  support.devices.devices[0].mig_profile = "1g.10gb";
  support.libraries[0].passed_over = {{"/b/libcublasLt.so.13", "is broken"}};
  support.libraries[2] = not_found("cuDNN", "no libcudnn.so.9 in the places that are searched");
  const std::string table = env_table(env_report(environment_json(), support));
  for (const std::string line : {
           "GPU\n",
           "  CUDA module    for CUDA 13.0, with code for compute capability 7.5 and 9.0, "
           "/opt/reprotrain/lib/reprotrain/libreprotrain_cuda.so\n",
           "  cuda:0         NVIDIA H100, compute capability 9.0, 132 multiprocessors, 80.0 GiB, "
           "ECC on, kernels: binary, MIG slice 1g.10gb\n",
           "  cuBLASLt       13.1.2, /a/libcublasLt.so.13 (toolkit)\n",
           "                 not /b/libcublasLt.so.13: it is broken\n",
           "  cuDNN          none: no libcudnn.so.9 in the places that are searched\n",
           "\nMissing\n  cuDNN          numerics.mode device is refused for models with "
           "convolutions; ",
       }) {
    EXPECT_NE(table.find(line), std::string::npos) << line << "\nin\n" << table;
  }
  EXPECT_NE(env_table(env_report(environment_json(), complete())).find("Missing\n  nothing"),
            std::string::npos);
}

TEST(EnvReport, ThisMachineCanBeLookedAt) {
  const GpuSupport support = look_for_gpu_support();
  EXPECT_EQ(support.libraries.size(), engine::vendor_libraries().size());
  EXPECT_EQ(support.devices.devices.empty(), !support.devices.reason.empty());
  for (const Missing& part : missing_parts(support)) {
    EXPECT_FALSE(part.reason.empty()) << part.what;
    EXPECT_FALSE(part.cost.empty()) << part.what;
  }
}

}  // namespace
}  // namespace reprotrain::harness
