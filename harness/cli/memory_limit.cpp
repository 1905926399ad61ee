// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/memory_limit.h"

#include <sys/resource.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>

#include "include/reprotrain/error.h"

namespace reprotrain::harness {

int64_t parse_size(const std::string& text, const std::string& option) {
  static const std::map<std::string, int64_t> kUnits = {
      {"", 1},          {"B", 1},           {"kB", 1000},     {"KB", 1000},
      {"MB", 1000000},  {"GB", 1000000000}, {"KiB", 1 << 10}, {"MiB", 1 << 20},
      {"GiB", 1 << 30}, {"K", 1 << 10},     {"M", 1 << 20},   {"G", 1 << 30}};
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  const auto unit = kUnits.find(std::string(rest, end));
  int64_t bytes = 0;
  if (code != std::errc() || number < 0 || unit == kUnits.end() ||
      __builtin_mul_overflow(number, unit->second, &bytes)) {
    throw Error(ErrorKind::kUsage,
                option + " " + text + ": write a whole number with an optional unit, like 512MiB");
  }
  return bytes;
}

void limit_memory(int64_t bytes) {
  if (bytes == 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  limit.rlim_cur = static_cast<rlim_t>(bytes);
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) {
    throw Error(ErrorKind::kEnvironment,
                std::string("the memory limit cannot be set: ") + std::strerror(errno) +
                    "; choose one below the limit of this shell (ulimit -d)");
  }
}

}  // namespace reprotrain::harness
