// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/env_report.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "engine/device/processors.h"
#include "kernels/base/cpu_path.h"

namespace reprotrain::harness {

namespace {

/// Headings with lines of a label and a text, labels aligned.
class Table {
 public:
  void heading(const std::string& title) { lines_.push_back({title, "", true}); }
  void line(const std::string& label, const std::string& text) {
    lines_.push_back({label, text, false});
    width_ = std::max(width_, label.size());
  }

  std::string text() const {
    std::string text;
    for (const Line& line : lines_) {
      if (line.is_heading) {
        text += (text.empty() ? "" : "\n") + line.label;
      } else {
        text += "  " + line.label + std::string(width_ + 2 - line.label.size(), ' ') + line.text;
      }
      text += '\n';
    }
    return text;
  }

 private:
  struct Line {
    std::string label, text;
    bool is_heading;
  };

  std::vector<Line> lines_;
  size_t width_ = 0;
};

/// A fact, or why it is not known.
std::string words(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("unknown")) {
    return "unknown: " + value["unknown"].get<std::string>();
  }
  return value.dump();
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& item : list) text += (text.empty() ? "" : ", ") + words(item);
  return text;
}

std::string gib(const Json& bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB",
                static_cast<double>(bytes.get<int64_t>()) / (int64_t{1} << 30));
  return text;
}

std::string module_words(const Json& module) {
  if (!module["found"]) return "none: " + words(module["reason"]);
  return "for CUDA " + words(module["cuda_version"]) + ", with code for compute capability " +
         words(module["code"]) + ", " + words(module["path"]);
}

std::string driver_words(const Json& gpu) {
  const Json& driver = gpu["driver"];
  if (!driver["found"]) return "none: " + words(driver["reason"]);
  return "serves CUDA up to " + words(driver["cuda_version"]) + ", " + words(driver["path"]) +
         "; " + words(gpu["kernel_driver"]);
}

std::string device_words(const Json& device) {
  std::string text = words(device["name"]) + ", compute capability " +
                     words(device["compute_capability"]) + ", " + words(device["multiprocessors"]) +
                     " multiprocessors, " + gib(device["memory_bytes"]) + ", ECC " +
                     (device["ecc"] ? "on" : "off");
  if (!device["kernels"].is_null()) text += ", kernels: " + words(device["kernels"]);
  if (!device["mig_profile"].is_null()) text += ", MIG slice " + words(device["mig_profile"]);
  return text;
}

std::string library_words(const Json& library) {
  if (!library["found"]) return "none: " + words(library["reason"]);
  return words(library["version"]) + ", " + words(library["path"]) + " (" +
         words(library["place"]) + ")";
}

void add_program(const Json& program, Table& table) {
  table.heading("Program");
  table.line("version", words(program["version"]));
  table.line("commit", words(program["commit"]));
  table.line("compiler", words(program["compiler"]));
  table.line("flags", words(program["flags"]));
  table.line("build", words(program["build_type"]) + " for " + words(program["processor"]));
}

void add_machine(const Json& report, Table& table) {
  const Json& cpu = report["cpu"];
  table.heading("Machine");
  table.line("system", words(report["os"]["name"]) + ", " + words(report["os"]["kernel"]) + ", " +
                           words(report["libc"]));
  table.line("container", words(report["container"].contains("image") ? report["container"]["image"]
                                                                      : report["container"]));
  table.line("processor", words(cpu["model"]) + ", " + words(cpu["cores"]) + " cores, " +
                              words(cpu["cores_allowed"]) + " allowed");
  table.line("code paths", joined(report["cpu_paths"]["available"]) +
                               "; in use: " + words(report["cpu_paths"]["used"]));
  table.line("threads", words(report["threads"]));
  table.line("memory", gib(report["memory_bytes"]));
  table.line("HDF5", words(report["hdf5"]));
  for (const auto& [name, value] : report["variables"].items()) table.line(name, words(value));
}

void add_gpu(const Json& gpu, Table& table) {
  table.heading("GPU");
  table.line("CUDA module", module_words(gpu["cuda_module"]));
  table.line("NVIDIA driver", driver_words(gpu));
  int index = 0;
  for (const Json& device : gpu["devices"]) {
    table.line("cuda:" + std::to_string(index++), device_words(device));
  }
  if (index == 0) {
    table.line("devices",
               gpu["cuda_module"].value("emulated", false) ? "cuda:0, emulated" : "none");
  }
  for (const Json& library : gpu["libraries"]) {
    table.line(words(library["name"]), library_words(library));
    for (const Json& other : library["passed_over"]) {
      table.line("", "not " + words(other["path"]) + ": " + words(other["reason"]));
    }
  }
}

void add_missing(const Json& missing, Table& table) {
  table.heading("Missing");
  for (const Json& part : missing) table.line(words(part["what"]), words(part["cost"]));
  if (missing.empty()) table.line("nothing", "");
}

}  // namespace

Json env_report(const Json& environment, const GpuSupport& support) {
  Json report = environment;
  Json names = Json::array();
  for (const kernels::CpuPath path : kernels::available_cpu_paths()) {
    names.push_back(kernels::name_of(path));
  }
  report["cpu_paths"] = {{"available", names}, {"used", kernels::name_of(kernels::cpu_path())}};
  report["threads"] = engine::available_processors();
  const Json driver =
      environment["gpu"].contains("driver") ? environment["gpu"]["driver"] : environment["gpu"];
  report["gpu"] = gpu_support_json(support);
  report["gpu"]["kernel_driver"] = driver;
  report["missing"] = Json::array();
  for (const Missing& part : missing_parts(support)) {
    report["missing"].push_back(
        {{"what", part.what}, {"reason", part.reason}, {"cost", part.cost}});
  }
  return report;
}

std::string env_table(const Json& report) {
  Table table;
  add_program(report["program"], table);
  add_machine(report, table);
  add_gpu(report["gpu"], table);
  add_missing(report["missing"], table);
  return table.text();
}

}  // namespace reprotrain::harness
