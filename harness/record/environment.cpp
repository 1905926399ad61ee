// SPDX-License-Identifier: Apache-2.0
#include "harness/record/environment.h"

#include <gnu/libc-version.h>
#include <link.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "engine/data/file_digest.h"
#include "engine/data/hdf5_library.h"
#include "harness/record/build_info.h"
#include "include/reprotrain/error.h"
#include "include/reprotrain/version.h"

extern char** environ;

namespace reprotrain::harness {
namespace {

namespace fs = std::filesystem;

Json unknown(const std::string& reason) { return {{"unknown", reason}}; }

// Files under /proc have no size, so they are read to their end.
std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

// Value of the first "key<separator>value" line of a text; "" when there is none.
std::string field(const std::string& text, std::string_view key, char separator) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find(separator);
    if (end == std::string::npos || trimmed(line.substr(0, end)) != key) continue;
    const std::string value = trimmed(line.substr(end + 1));
    const bool in_quotes = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return in_quotes ? value.substr(1, value.size() - 2) : value;
  }
  return "";
}

std::vector<std::string> sorted_words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  std::sort(words.begin(), words.end());
  return words;
}

Json sha256_of(const std::string& path) {
  try {
    return engine::file_sha256(path);
  } catch (const Error& error) {
    return unknown(error.what());
  }
}

Json program() {
  const BuildInfo& build = build_info();
  const std::string commit = build.commit;
  return {{"version", kVersion},
          {"commit", commit.empty() ? unknown("not built from a git checkout") : Json(commit)},
          {"compiler", build.compiler},
          {"flags", build.flags},
          {"build_type", build.build_type},
          {"processor", build.processor},
          {"executable_sha256", sha256_of("/proc/self/exe")}};
}

Json cpu(const std::string& root) {
  const std::string info = read_text(root + "/proc/cpuinfo");
  std::string model = field(info, "model name", ':');
  if (model.empty() && !field(info, "CPU implementer", ':').empty()) {
    model = "implementer " + field(info, "CPU implementer", ':') + ", part " +
            field(info, "CPU part", ':') + ", revision " + field(info, "CPU revision", ':');
  }
  std::string flags = field(info, "flags", ':');
  if (flags.empty()) flags = field(info, "Features", ':');
  const std::string reason = "/proc/cpuinfo does not say";
  cpu_set_t allowed;
  const bool has_mask = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0;
  return {{"model", model.empty() ? unknown(reason) : Json(model)},
          {"flags", flags.empty() ? unknown(reason) : Json(sorted_words(flags))},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"cores_allowed", has_mask ? Json(CPU_COUNT(&allowed)) : unknown("no affinity mask")}};
}

Json os(const std::string& root) {
  utsname name{};
  ::uname(&name);
  const std::string pretty = field(read_text(root + "/etc/os-release"), "PRETTY_NAME", '=');
  return {{"name", pretty.empty() ? unknown("/etc/os-release does not say") : Json(pretty)},
          {"kernel", std::string(name.sysname) + " " + name.release},
          {"machine", name.machine}};
}

Json locale() {
  Json values = {{"active", std::setlocale(LC_ALL, nullptr)}};
  for (const char* variable : {"LANG", "LC_ALL", "LC_NUMERIC", "TZ"}) {
    if (const char* value = std::getenv(variable)) values[variable] = value;
  }
  return values;
}

// File name -> SHA-256 of every shared library in this process.
Json loaded_libraries() {
  Json libraries = Json::object();
  const auto add = [](dl_phdr_info* info, size_t, void* data) {
    const std::string path = info->dlpi_name;
    if (!fs::exists(path)) return 0;  // the executable itself, and the kernel's vdso
    (*static_cast<Json*>(data))[fs::path(path).filename().string()] = sha256_of(path);
    return 0;
  };
  ::dl_iterate_phdr(add, &libraries);
  return libraries;
}

Json variables() {
  Json recorded = Json::object();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t end = text.find('=');
    if (end == std::string_view::npos || !is_recorded_variable(text.substr(0, end))) continue;
    recorded[std::string(text.substr(0, end))] = text.substr(end + 1);
  }
  return recorded;
}

Json container(const std::string& root) {
  for (const char* variable :
       {"REPROTRAIN_CONTAINER_IMAGE", "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"}) {
    if (const char* image = std::getenv(variable)) return {{"image", image}};
  }
  const std::string podman = read_text(root + "/run/.containerenv");
  const std::string image = field(podman, "image", '=');
  if (!image.empty()) return {{"image", image}, {"image_id", field(podman, "imageid", '=')}};
  if (fs::exists(root + "/.dockerenv") || fs::exists(root + "/run/.containerenv")) {
    return unknown("in a container that does not name its image; set REPROTRAIN_CONTAINER_IMAGE");
  }
  return unknown("no sign of a container");
}

// The driver is looked for without any library of its vendor.
Json gpu(const std::string& root) {
  const std::string driver =
      field(read_text(root + "/proc/driver/nvidia/version"), "NVRM version", ':');
  if (driver.empty()) {
    return unknown("no NVIDIA driver is loaded (/proc/driver/nvidia/version is not there)");
  }
  Json models = Json::array();
  std::error_code ignored;
  for (const auto& device : fs::directory_iterator(root + "/proc/driver/nvidia/gpus", ignored)) {
    models.push_back(field(read_text((device.path() / "information").string()), "Model", ':'));
  }
  std::sort(models.begin(), models.end());
  return {{"driver", driver},
          {"models", models},
          {"details", unknown("only `reprotrain env` asks the driver for more")}};
}

}  // namespace

bool is_recorded_variable(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"CUDA_", "CUBLAS_", "CUDNN_",        "NCCL_",
                                            "OMP_",  "HDF5_",   "GLIBC_TUNABLES"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) {
    return name.substr(0, prefix.size()) == prefix;
  });
}

Json environment_json(const std::string& root) {
  return {{"program", program()},
          {"cpu", cpu(root)},
          {"memory_bytes", int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE)},
          {"os", os(root)},
          {"libc", std::string("glibc ") + ::gnu_get_libc_version()},
          {"locale", locale()},
          {"libraries", loaded_libraries()},
          {"hdf5", engine::hdf5_library_version()},
          {"variables", variables()},
          {"container", container(root)},
          {"gpu", gpu(root)}};
}

}  // namespace reprotrain::harness
