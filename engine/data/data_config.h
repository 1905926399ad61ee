// SPDX-License-Identifier: Apache-2.0
// What section `data` of a configuration says, checked and with defaults filled in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/data/table.h"

namespace reprotrain::engine {

enum class DataFormat { kAuto, kCsv, kIdx, kHdf5 };

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool has_header = true;  ///< else columns are c0, c1, ...
  std::vector<std::string> missing_markers = {"", "NA", "NaN", "nan", "null", "?"};
};

struct SplitConfig {
  double test_fraction = 0.2;
  double validation_fraction = 0.0;
  bool stratify = false;
  /// When not empty: this column's values train / validation / test decide, and it is no feature.
  std::string column;
};

struct DataConfig {
  std::string source;  ///< path of the table (absolute, or resolved by the caller)
  std::string labels;  ///< path of a second IDX file that holds the target
  DataFormat format = DataFormat::kAuto;  ///< kAuto: by content, not by extension alone
  CsvOptions csv;
  std::map<std::string, ColumnKind> column_kinds;  ///< overrides what the reader would infer
  std::string target;  ///< column to predict; empty: unlabelled (feature export)
  SplitConfig split;
};

}  // namespace reprotrain::engine
