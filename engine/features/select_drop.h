// SPDX-License-Identifier: Apache-2.0
// Choosing columns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/features/transform.h"

namespace reprotrain::engine {

/// Keeps the named columns, in the order of the table, and drops the others.
class Select final : public Transform {
 public:
  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return "select"; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  std::vector<std::string> names_;
};

/// Drops the named columns. At predict time they need not be there.
class Drop final : public Transform {
 public:
  static std::unique_ptr<Transform> fit(const FitInput& input);
  static std::unique_ptr<Transform> load(const Hdf5Node& group);

  std::string_view op() const override { return "drop"; }
  void apply(Table& table, const kernels::Parallel& parallel) const override;
  void save(Hdf5Node& group) const override;

 private:
  std::vector<std::string> names_;
};

}  // namespace reprotrain::engine
