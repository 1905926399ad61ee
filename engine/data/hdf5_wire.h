// SPDX-License-Identifier: Apache-2.0
// Events as messages through a pipe: the side of the child that parses.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/data/hdf5_visitor.h"

namespace reprotrain::engine {

/// A message is this header, then `size_bytes` bytes.
struct WireHeader {
  uint32_t magic = 0;
  uint32_t kind = 0;
  uint64_t size_bytes = 0;
};
inline constexpr uint32_t kWireMagic = 0x35485052;  // "RPH5"

enum class WireKind : uint32_t {
  kBeginGroup = 1,  ///< name
  kEndGroup,
  kBeginDataset,  ///< name, type, shape
  kEndDataset,
  kBeginAttribute,  ///< name, type, shape
  kEndAttribute,
  kData,      ///< whole elements
  kRefusal,   ///< a sentence without its subject: "dataset /x has type reference; remove it"
  kFinished,  ///< nothing follows
};

/// Child side: turns calls into messages. Ends the process when the pipe breaks, because then
/// nobody listens any more.
class WireWriter final : public Hdf5Visitor {
 public:
  explicit WireWriter(int descriptor) : descriptor_(descriptor) {}

  void begin_group(std::string_view name) override;
  void end_group() override { send(WireKind::kEndGroup, {}); }
  void begin_dataset(std::string_view name, const Hdf5Header& header) override;
  void end_dataset() override { send(WireKind::kEndDataset, {}); }
  void begin_attribute(std::string_view name, const Hdf5Header& header) override;
  void end_attribute() override { send(WireKind::kEndAttribute, {}); }
  void data(std::span<const std::byte> elements) override;
  void refuse(std::string_view reason) {
    send(WireKind::kRefusal, std::as_bytes(std::span(reason)));
  }
  int descriptor() const noexcept { return descriptor_; }
  void finish() { send(WireKind::kFinished, {}); }

 private:
  void send(WireKind kind, std::span<const std::byte> payload);
  void send_header(WireKind kind, std::string_view name, const Hdf5Header& header);

  int descriptor_;
};

}  // namespace reprotrain::engine
