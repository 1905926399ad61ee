// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/gpu_support.h"

#include <string_view>
#include <utility>

#include "engine/device/cuda/cuda_architectures.h"
#include "engine/device/cuda_module.h"

namespace reprotrain::harness {

namespace {

constexpr const char* kNoCuda =
    "--device cuda is not available; results are the same bits on the CPU";

/// What a module with code for every supported GPU would hold, where there is none to look at.
constexpr std::string_view kAllSupported = "75";

struct LibraryCost {
  std::string_view name;
  const char* cost;
};
constexpr LibraryCost kLibraryCosts[] = {
    {"cuBLASLt",
     "products int8x2 and int8x3 on a GPU take kernels of ours instead of its tensor cores: "
     "slower, the same bits; numerics.mode device is refused"},
    {"cuBLAS", "nothing but a peer for benchmarks"},
    {"cuDNN",
     "numerics.mode device is refused for models with convolutions; portable, the default, does "
     "not need it"},
};

std::string cost_of(std::string_view library) {
  for (const LibraryCost& known : kLibraryCosts) {
    if (known.name == library) return known.cost;
  }
  return "";
}

std::string cuda_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string capability_of(const engine::NvidiaDevice& device) {
  return std::to_string(device.major) + "." + std::to_string(device.minor);
}

engine::CudaCode code_for(const GpuSupport& support, const engine::NvidiaDevice& device) {
  return engine::cuda_code_for(support.architectures, device.major, device.minor);
}

/// Whether the module, or a complete one where there is none, has kernels for a device.
bool is_covered(const GpuSupport& support, const engine::NvidiaDevice& device) {
  if (!support.architectures.empty()) return code_for(support, device) != engine::CudaCode::kNone;
  return engine::cuda_code_for(kAllSupported, device.major, device.minor) !=
         engine::CudaCode::kNone;
}

/// "binary", "ptx" or "none"; null where there is no module.
Json kernels_json(const GpuSupport& support, const engine::NvidiaDevice& device) {
  if (support.architectures.empty()) return {};
  switch (code_for(support, device)) {
    case engine::CudaCode::kBinary:
      return "binary";
    case engine::CudaCode::kPtx:
      return "ptx";
    case engine::CudaCode::kNone:
      return "none";
  }
  return {};
}

/// [{"compute_capability": "9.0", "binary": true, "ptx": true}].
Json architectures_json(const std::string& list) {
  Json json = Json::array();
  for (const engine::CudaArchitecture& one : engine::cuda_architectures(list)) {
    json.push_back(
        {{"compute_capability", one.text()}, {"binary", one.is_binary}, {"ptx", one.is_ptx}});
  }
  return json;
}

Json not_found(const std::string& reason) { return {{"found", false}, {"reason", reason}}; }

Json module_json(const GpuSupport& support) {
  Json json = support.module_reason.empty()
                  ? Json{{"found", true},
                         {"cuda_version", cuda_text(support.cuda_version)},
                         {"architectures", architectures_json(support.architectures)},
                         {"code", engine::cuda_architectures_text(support.architectures)},
                         {"emulated", support.is_emulated}}
                  : not_found(support.module_reason);
  if (!support.module_file.empty()) json["path"] = support.module_file;
  return json;
}

Json library_json(const engine::VendorLibraryReport& library) {
  Json json = library.is_found() ? Json{{"found", true},
                                        {"path", library.path},
                                        {"place", library.place},
                                        {"version", library.version.text()}}
                                 : not_found(library.reason);
  json["name"] = library.name;
  json["passed_over"] = Json::array();
  for (const engine::PassedOver& other : library.passed_over) {
    json["passed_over"].push_back({{"path", other.path}, {"reason", "it " + other.reason}});
  }
  return json;
}

Json driver_json(const engine::VendorLibraryReport& driver) {
  Json json = library_json(driver);
  json.erase("name");
  json.erase("version");
  if (driver.is_found()) {
    json["cuda_version"] =
        std::to_string(driver.version.major) + "." + std::to_string(driver.version.minor);
  }
  return json;
}

Json device_json(const GpuSupport& support, const engine::NvidiaDevice& device) {
  return {{"name", device.name},
          {"compute_capability", capability_of(device)},
          {"multiprocessors", device.n_multiprocessors},
          {"memory_bytes", device.memory_bytes},
          {"ecc", device.has_ecc},
          {"kernels", kernels_json(support, device)},
          {"mig_profile", device.mig_profile.empty() ? Json() : Json(device.mig_profile)}};
}

void add_driver_and_devices(const GpuSupport& support, std::vector<Missing>& missing) {
  if (!support.driver.is_found()) {
    missing.push_back({"NVIDIA driver", support.driver.reason, kNoCuda});
  } else if (support.devices.devices.empty()) {
    missing.push_back({"CUDA device", support.devices.reason, kNoCuda});
  }
  for (size_t i = 0; i < support.devices.devices.size(); ++i) {
    const engine::NvidiaDevice& device = support.devices.devices[i];
    if (is_covered(support, device)) continue;
    const std::string name = "cuda:" + std::to_string(i);
    missing.push_back({"kernels for " + name,
                       device.name + " has compute capability " + capability_of(device) +
                           (support.architectures.empty()
                                ? ", and they need 7.5"
                                : ", and the CUDA module holds code for " +
                                      engine::cuda_architectures_text(support.architectures)),
                       "--device " + name +
                           " is not available; results are the same bits on the "
                           "CPU"});
  }
}

}  // namespace

namespace {

/// The rest of the report where the CUDA device is emulated.
GpuSupport without_looking(GpuSupport support) {
  const std::string reason = "not looked for, the CUDA device of this program is emulated";
  support.driver.name = engine::nvidia_driver_library().name;
  support.driver.reason = support.devices.reason = reason;
  for (const engine::VendorLibrary& library : engine::vendor_libraries()) {
    support.libraries.emplace_back();
    support.libraries.back().name = library.name;
    support.libraries.back().reason = reason;
  }
  return support;
}

}  // namespace

GpuSupport look_for_gpu_support() {
  GpuSupport support;
  const engine::LibrarySearch search = engine::search_of_this_process();
  support.module_file = engine::cuda_module_file();
  if (const auto* module = engine::load_cuda_module(support.module_reason)) {
    support.cuda_version = module->cuda_version;
    support.architectures = module->architectures;
  }
  support.is_emulated = engine::cuda_is_emulated();
  if (support.is_emulated) return without_looking(std::move(support));
  const auto find = [&](const engine::VendorLibrary& library) {
    return engine::find_vendor_library(
        library, engine::requirement_for(library, support.cuda_version), search);
  };
  support.driver = find(engine::nvidia_driver_library());
  if (support.driver.is_found()) {
    support.devices = engine::list_nvidia_devices(support.driver.path, search.patience_ms);
  } else {
    support.devices.reason = support.driver.reason;
  }
  for (const engine::VendorLibrary& library : engine::vendor_libraries()) {
    support.libraries.push_back(find(library));
  }
  return support;
}

Json gpu_support_json(const GpuSupport& support) {
  Json devices = Json::array();
  for (const engine::NvidiaDevice& device : support.devices.devices) {
    devices.push_back(device_json(support, device));
  }
  Json libraries = Json::array();
  for (const engine::VendorLibraryReport& library : support.libraries) {
    libraries.push_back(library_json(library));
  }
  return {{"cuda_module", module_json(support)},
          {"driver", driver_json(support.driver)},
          {"devices", devices},
          {"libraries", libraries}};
}

std::vector<Missing> missing_parts(const GpuSupport& support) {
  std::vector<Missing> missing;
  if (support.is_emulated) return missing;
  add_driver_and_devices(support, missing);
  if (!support.module_reason.empty()) {
    missing.push_back({"CUDA module", support.module_reason, kNoCuda});
  }
  for (const engine::VendorLibraryReport& library : support.libraries) {
    if (library.is_found()) continue;
    missing.push_back({std::string(library.name), library.reason, cost_of(library.name)});
  }
  return missing;
}

}  // namespace reprotrain::harness
