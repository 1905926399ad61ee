// SPDX-License-Identifier: Apache-2.0
// A trained model applied to other data.
#pragma once

#include <string>

#include "engine/data/dataset.h"
#include "engine/features/feature_rows.h"
#include "engine/run_outputs.h"
#include "kernels/base/parallel.h"

namespace reprotrain::engine {

/// Raw outputs (n_rows, n_outputs) of `network` for chosen rows of a feature matrix. Rows are
/// independent: the bits of a row do not depend on the others.
std::vector<float> raw_outputs(const Network& network, int64_t n_outputs, FeatureRows& features,
                               std::span<const int64_t> rows);

/// Raw outputs -> predictions in the terms of the target: values in the units of the data, or
/// classes and their probabilities.
Predictions interpret(const std::vector<float>& outputs, std::span<const int64_t> rows,
                      const Target& target, const kernels::Parallel& parallel);

/// Transforms `table` as in training and predicts every row. Throws Error(kData) naming column and
/// row when the table does not fit the model.
Predictions predict(const SavedModel& model, Table&& table);

}  // namespace reprotrain::engine
