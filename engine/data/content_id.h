// SPDX-License-Identifier: Apache-2.0
// Identity by content: what a dataset says, not how a file stores it (docs/content-id.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/hdf5_stream.h"
#include "engine/data/hdf5_tree.h"
#include "engine/data/hdf5_visitor.h"
#include "kernels/digest/merkle.h"

namespace reprotrain::engine {

/// Computes the content id of a stream of events, in memory proportional to its depth and names.
class ContentIdHasher final : public Hdf5Visitor {
 public:
  void begin_group(std::string_view name) override;
  void end_group() override;
  void begin_dataset(std::string_view name, const Hdf5Header& header) override;
  void end_dataset() override;
  void begin_attribute(std::string_view name, const Hdf5Header& header) override;
  void end_attribute() override;
  void data(std::span<const std::byte> elements) override { tree_.update(elements); }

  /// "h5c1:<64 hex digits>", once the root group has ended.
  std::string id() const;

 private:
  struct Object {
    std::string name;
    std::string header;      ///< of a dataset: T and S
    std::string attributes;  ///< name and value of each
    uint32_t n_attributes = 0;
    std::string children;  ///< of a group: name and digest of each
    uint64_t n_children = 0;
  };

  std::string take_value(std::string header);
  void close(const kernels::Sha256Digest& digest);

  std::vector<Object> open_;
  std::string attribute_header_;
  kernels::MerkleTree tree_;
  kernels::Sha256Digest root_ = {};
};

/// Content id of an HDF5 file. Throws Error(kData) as visit_hdf5 does.
std::string hdf5_content_id(const std::string& path, const Hdf5Limits& limits = {});

/// "tensor1:<64 hex digits>": the digest of a dataset of numbers without attributes. `bytes` holds
/// the elements row-major and little-endian; NaNs are hashed as they are, so canonicalise them
/// first.
std::string tensor_content_id(ElementType type, std::span<const int64_t> shape,
                              std::span<const std::byte> bytes);

/// tensor_content_id of an array, which may hold strings.
std::string array_content_id(const Array& array);

}  // namespace reprotrain::engine
