// SPDX-License-Identifier: Apache-2.0
// The canonical HDF5 dataset: one layout for every table (docs/content-id.md).
//
//   /                    attributes n_rows (int64), reprotrain_dataset = 1 (int64)
//   /columns/<name>      numeric: float32 (n_rows, item_shape...), NaN = missing;
//                        attributes element_names (strings, only if given), position (int64)
//   /columns/<name>/     categorical: attribute position (int64)
//       categories       strings, ascending by bytes, each used at least once
//       codes            int32 (n_rows), index into categories, -1 = missing
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/data/dataset.h"
#include "engine/data/hdf5_visitor.h"

namespace reprotrain::engine {

inline constexpr int64_t kCanonicalDatasetVersion = 1;
inline constexpr std::string_view kCanonicalMark = "reprotrain_dataset";
inline constexpr std::string_view kCanonicalRows = "n_rows";
inline constexpr std::string_view kCanonicalColumns = "columns";
inline constexpr std::string_view kCanonicalPosition = "position";
inline constexpr std::string_view kCanonicalElementNames = "element_names";
inline constexpr std::string_view kCanonicalCategories = "categories";
inline constexpr std::string_view kCanonicalCodes = "codes";

/// Passes the canonical dataset of `table` to `visitor`. NaNs become the canonical one. Throws
/// Error(kData) naming the column when a name occurs twice or a text is not one that HDF5 can hold.
void emit_canonical_dataset(const Table& table, Hdf5Visitor& visitor);

}  // namespace reprotrain::engine
