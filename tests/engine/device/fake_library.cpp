// SPDX-License-Identifier: Apache-2.0
// Stands for any library of NVIDIA's: the functions that tell versions, and the driver's that list
// devices. FAKE_MAJOR, FAKE_MINOR, FAKE_PATCH: its version. FAKE_FAULT: what it does when it is loaded:
// 1 crashes, 2 ends the process, 3 never returns; 4: it has none of these functions.
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#ifndef FAKE_FAULT
#define FAKE_FAULT 0
#endif

namespace {

[[maybe_unused]] __attribute__((constructor)) void misbehave() {
  if (FAKE_FAULT == 1) std::raise(SIGSEGV);
  if (FAKE_FAULT == 2) ::_exit(0);
  if (FAKE_FAULT == 3) ::pause();
}

int property(int which, int* value) {
  const int numbers[] = {FAKE_MAJOR, FAKE_MINOR, FAKE_PATCH};
  *value = numbers[which];
  return 0;
}

}  // namespace

#if FAKE_FAULT != 4
extern "C" {

int cublasGetProperty(int which, int* value) { return property(which, value); }
int cublasLtGetProperty(int which, int* value) { return property(which, value); }
int cudnnGetProperty(int which, int* value) { return property(which, value); }

int cuDriverGetVersion(int* version) {
  *version = FAKE_MAJOR * 1000 + FAKE_MINOR * 10;
  return 0;
}

// FAKE_DRIVER: "none" has no devices, "broken" does not start, "crash" does worse.
int cuInit(unsigned flags) {
  const char* wish = std::getenv("FAKE_DRIVER");
  if (wish == nullptr) return static_cast<int>(flags);
  if (std::strcmp(wish, "crash") == 0) std::raise(SIGBUS);
  return std::strcmp(wish, "none") == 0 ? 100 : 803;
}

int cuGetErrorString(int, const char** words) {
  *words = "system has unsupported display driver / cuda driver combination";
  return 0;
}

int cuDeviceGetCount(int* n_devices) {
  *n_devices = 2;
  return 0;
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}

int cuDeviceGetName(char* name, int size, int device) {
  std::strncpy(name, device == 0 ? "NVIDIA H100 80GB HBM3 MIG 1g.10gb" : "GeForce GTX 1080",
               static_cast<size_t>(size));
  return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  *bytes = size_t{10} << (device == 0 ? 30 : 29);
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const bool is_slice = device == 0;
  switch (attribute) {
    case 16:
      *value = is_slice ? 16 : 20;
      return 0;
    case 32:
      *value = is_slice ? 1 : 0;
      return 0;
    case 75:
      *value = is_slice ? 9 : 6;
      return 0;
    case 76:
      *value = is_slice ? 0 : 1;
      return 0;
    default:
      return 1;
  }
}

}  // extern "C"
#endif
