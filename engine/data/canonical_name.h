// SPDX-License-Identifier: Apache-2.0
// Column names as HDF5 link names, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reprotrain::engine {

/// '%' becomes "%25", '/' "%2F", a zero byte "%00"; the name "." becomes "%2E", the empty one "%".
std::string to_link_name(std::string_view column);

/// The column name, or nullopt when `link` is not what to_link_name makes of any.
std::optional<std::string> from_link_name(std::string_view link);

}  // namespace reprotrain::engine
