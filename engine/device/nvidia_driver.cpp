// SPDX-License-Identifier: Apache-2.0
// The functions and numbers of the driver's interface are NVIDIA's, stable since CUDA 3.2 (CUDA Driver
// API reference manual).
#include "engine/device/nvidia_driver.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include "engine/device/child_answer.h"

namespace reprotrain::engine {

namespace {

constexpr int kMostDevices = 64;
constexpr int kNoDevice = 100;  // CUDA_ERROR_NO_DEVICE

enum Attribute { kMultiprocessors = 16, kEcc = 32, kMajor = 75, kMinor = 76 };

struct RawDevice {
  char name[256];
  int major, minor, n_multiprocessors, has_ecc;
  size_t memory_bytes;
};

/// What comes back from the child.
struct RawDevices {
  int status;
  int n_devices;
  RawDevice devices[kMostDevices];
  char error[512];
};

/// The driver in the child. Each call does nothing once one has failed.
class Driver {
 public:
  Driver(const char* file, RawDevices& answer)
      : answer_(answer), library_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) fail(-1, ::dlerror());
  }

  template <typename... Parameter>
  void call(const char* name, Parameter... arguments) {
    if (answer_.status != 0) return;
    const auto function = reinterpret_cast<int (*)(Parameter...)>(::dlsym(library_, name));
    if (function == nullptr) return fail(-1, ::dlerror());
    if (const int status = function(arguments...); status != 0) explain(name, status);
  }

 private:
  void explain(const char* name, int status) {
    const char* words = nullptr;
    const auto words_for =
        reinterpret_cast<int (*)(int, const char**)>(::dlsym(library_, "cuGetErrorString"));
    if (words_for == nullptr || words_for(status, &words) != 0 || words == nullptr) words = "?";
    char text[512];
    std::snprintf(text, sizeof text, "%s fails with %d (%s)", name, status, words);
    fail(status, text);
  }

  void fail(int status, const char* text) {
    answer_.status = status;
    std::snprintf(answer_.error, sizeof answer_.error, "%s", text);
  }

  RawDevices& answer_;
  void* library_;
};

void describe(Driver& driver, int index, RawDevice& device) {
  int handle = 0;
  driver.call("cuDeviceGet", &handle, index);
  driver.call("cuDeviceGetName", device.name, int{sizeof device.name}, handle);
  driver.call("cuDeviceTotalMem_v2", &device.memory_bytes, handle);
  driver.call("cuDeviceGetAttribute", &device.n_multiprocessors, int{kMultiprocessors}, handle);
  driver.call("cuDeviceGetAttribute", &device.has_ecc, int{kEcc}, handle);
  driver.call("cuDeviceGetAttribute", &device.major, int{kMajor}, handle);
  driver.call("cuDeviceGetAttribute", &device.minor, int{kMinor}, handle);
}

void ask_driver(const char* file, RawDevices& answer) {
  Driver driver(file, answer);
  driver.call("cuInit", 0u);
  driver.call("cuDeviceGetCount", &answer.n_devices);
  answer.n_devices = std::min(answer.n_devices, kMostDevices);
  for (int i = 0; i < answer.n_devices; ++i) describe(driver, i, answer.devices[i]);
}

NvidiaDevice device_from(const RawDevice& raw) {
  NvidiaDevice device;
  device.name = raw.name;
  device.major = raw.major;
  device.minor = raw.minor;
  device.n_multiprocessors = raw.n_multiprocessors;
  device.memory_bytes = static_cast<int64_t>(raw.memory_bytes);
  device.has_ecc = raw.has_ecc != 0;
  // The name of a slice ends with its profile.
  constexpr std::string_view kMig = " MIG ";
  const size_t begin = device.name.find(kMig);
  if (begin != std::string::npos) device.mig_profile = device.name.substr(begin + kMig.size());
  return device;
}

}  // namespace

NvidiaDevices list_nvidia_devices(const std::string& driver_file, int patience_ms) {
  RawDevices raw{};
  const std::string failure = ask_in_child<RawDevices>(
      patience_ms, raw, [&](RawDevices& filled) { ask_driver(driver_file.c_str(), filled); });
  if (!failure.empty())
    return {{}, "the NVIDIA driver does not work: a process that asked it " + failure};
  if (raw.status == kNoDevice || (raw.status == 0 && raw.n_devices == 0)) {
    return {{}, "the NVIDIA driver offers no device to this process"};
  }
  if (raw.status != 0) return {{}, std::string("the NVIDIA driver does not work: ") + raw.error};
  NvidiaDevices found;
  for (int i = 0; i < raw.n_devices; ++i) found.devices.push_back(device_from(raw.devices[i]));
  return found;
}

}  // namespace reprotrain::engine
