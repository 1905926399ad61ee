// SPDX-License-Identifier: Apache-2.0
#include "engine/device/device_choice.h"

#include <charconv>

#include "engine/device/cpu_device.h"

namespace reprotrain::engine {

DeviceChoice device_choice(const std::string& text) {
  if (text == "auto") return {true, true, {}};
  if (text == "cpu") return {true, false, {}};
  if (text == "cuda") return {false, true, {}};
  int index = 0;
  const std::string digits = text.rfind("cuda:", 0) == 0 ? text.substr(5) : "";
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error == std::errc() && end == digits.data() + digits.size() && index >= 0) {
    return {false, true, index};
  }
  throw Error(ErrorKind::kUsage,
              "device \"" + text + "\": there is none of that name; use auto, cpu, cuda or cuda:N");
}

CudaDevices find_cuda_devices(std::optional<int> wanted) {
  CudaDevices found;
  found.module = load_cuda_module(found.reason);
  if (found.module == nullptr) return found;
  const int n_devices = found.module->count_devices(found.reason);
  if (n_devices == 0) found.reason = "this machine has no CUDA device";
  if (n_devices <= 0) return found;
  if (wanted && *wanted >= n_devices) {
    found.reason = "there is no cuda:" + std::to_string(*wanted) + "; devices are 0 to " +
                   std::to_string(n_devices - 1);
    return found;
  }
  found.first = wanted.value_or(0);
  found.last = wanted.value_or(n_devices - 1);
  return found;
}

namespace {

Error no_device_with_libraries(const std::string& reason) {
  return Error(
      ErrorKind::kEnvironment,
      "numerics.mode \"device\" needs a GPU and its libraries, but there is none to use: " +
          reason + "; numerics.mode \"portable\" runs everywhere");
}

}  // namespace

std::unique_ptr<ComputeDevice> open_device(const std::string& text, int64_t most_bytes,
                                           const kernels::Parallel& threads,
                                           const std::optional<LibraryRequest>& library) {
  const DeviceChoice choice = device_choice(text);
  if (library) {
    require_no_contradiction(library->precision);
    if (!choice.cuda) throw no_device_with_libraries("it is a CPU");
  }
  if (choice.cuda) {
    CudaDevices found = find_cuda_devices(choice.cuda_index);
    if (found.has_any()) {
      auto device = found.module->open_device(found.first, most_bytes,
                                              library ? &*library : nullptr, threads, found.reason);
      if (device != nullptr) return device;
    }
    if (library) throw no_device_with_libraries(found.reason);
    if (!choice.cpu) {
      throw Error(ErrorKind::kEnvironment, "device \"" + text + "\" cannot be used: " +
                                               found.reason + "; --device cpu gives the same bits");
    }
  }
  return std::make_unique<CpuDevice>(threads);
}

}  // namespace reprotrain::engine
