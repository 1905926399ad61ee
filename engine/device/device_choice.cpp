// SPDX-License-Identifier: Apache-2.0
#include "engine/device/device_choice.h"

#include <charconv>

#include "engine/device/cpu_device.h"
#include "engine/device/cuda_module.h"

namespace reprotrain::engine {

namespace {

/// A CUDA device, or nothing and the reason.
std::unique_ptr<ComputeDevice> open_cuda(int index, int64_t most_bytes,
                                         const kernels::Parallel& threads, std::string& reason) {
  const CudaModuleTable* const module = load_cuda_module(reason);
  if (module == nullptr) return nullptr;
  const int n_devices = module->count_devices(reason);
  if (n_devices < 0) return nullptr;
  if (n_devices == 0) {
    reason = "this machine has no CUDA device";
    return nullptr;
  }
  if (index >= n_devices) {
    reason = "there is no cuda:" + std::to_string(index) + "; devices are 0 to " +
             std::to_string(n_devices - 1);
    return nullptr;
  }
  return module->open_device(index, most_bytes, threads, reason);
}

}  // namespace

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

std::unique_ptr<ComputeDevice> open_device(const std::string& text, int64_t most_bytes,
                                           const kernels::Parallel& threads) {
  const DeviceChoice choice = device_choice(text);
  if (choice.cuda) {
    std::string reason;
    auto device = open_cuda(choice.cuda_index.value_or(0), most_bytes, threads, reason);
    if (device != nullptr) return device;
    if (!choice.cpu) {
      throw Error(ErrorKind::kEnvironment, "device \"" + text + "\" cannot be used: " + reason +
                                               "; --device cpu gives the same bits");
    }
  }
  return std::make_unique<CpuDevice>(threads);
}

}  // namespace reprotrain::engine
