// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace reprotrain::harness {

/// "4096", "512MiB", "2GB": bytes. Throws Error(kUsage) that names `option`.
int64_t parse_size(const std::string& text, const std::string& option);

/// Makes allocations beyond `bytes` of data fail (RLIMIT_DATA), so that a run ends with a sentence
/// instead of taking its neighbours down. 0: no limit.
void limit_memory(int64_t bytes);

}  // namespace reprotrain::harness
