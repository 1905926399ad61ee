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
  if (found.module == nullptr) {
    found.is_broken = !cuda_module_file().empty();
    return found;
  }
  const int n_devices = found.module->count_devices(found.reason);
  found.is_broken = n_devices < 0;
  if (n_devices == 0 && found.reason.empty()) found.reason = "this machine has no CUDA device";
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
                                           const std::optional<LibraryRequest>& library,
                                           const Note& note) {
  const DeviceChoice choice = device_choice(text);
  if (library) require_no_contradiction(library->precision);
  if (!choice.cuda) {
    if (library) throw no_device_with_libraries("it is a CPU");
    return std::make_unique<CpuDevice>(threads);
  }
  CudaDevices found = find_cuda_devices(choice.cuda_index);
  const bool cpu_will_do = choice.cpu && !library;
  const auto pass_over = [&] {
    if (cpu_will_do && note) note("CUDA is not used: " + found.reason);
  };
  for (int index = found.first; index <= found.last; ++index) {
    auto device = found.module->open_device(index, most_bytes, library ? &*library : nullptr,
                                            threads, found.reason);
    if (device != nullptr) return device;
    pass_over();
    if (!choice.cpu) break;
  }
  if (library) throw no_device_with_libraries(found.reason);
  if (choice.cpu) {
    if (found.is_broken) pass_over();
    return std::make_unique<CpuDevice>(threads);
  }
  throw Error(ErrorKind::kEnvironment, "device \"" + text + "\" cannot be used: " + found.reason +
                                           "; --device cpu gives the same bits");
}

}  // namespace reprotrain::engine
