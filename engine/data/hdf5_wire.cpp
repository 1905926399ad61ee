// SPDX-License-Identifier: Apache-2.0
#include "engine/data/hdf5_wire.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "engine/data/hdf5_encoding.h"

namespace reprotrain::engine {

namespace {

/// Writes all of both buffers; ends the process when the pipe has no reader any more.
void write_all(int descriptor, std::span<const std::byte> first,
               std::span<const std::byte> second) {
  while (!first.empty() || !second.empty()) {
    iovec parts[2] = {{const_cast<std::byte*>(first.data()), first.size()},
                      {const_cast<std::byte*>(second.data()), second.size()}};
    const ssize_t result = ::writev(descriptor, parts, 2);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) ::_exit(1);
    auto written = static_cast<size_t>(result);
    const size_t of_first = written < first.size() ? written : first.size();
    first = first.subspan(of_first);
    written -= of_first;
    second = second.subspan(written);
  }
}

}  // namespace

void WireWriter::send(WireKind kind, std::span<const std::byte> payload) {
  const WireHeader header{kWireMagic, static_cast<uint32_t>(kind), payload.size()};
  write_all(descriptor_, std::as_bytes(std::span(&header, 1)), payload);
}

void WireWriter::send_header(WireKind kind, std::string_view name, const Hdf5Header& header) {
  std::string payload;
  append_name(payload, name);
  append_type(payload, header.type);
  append_shape(payload, header.shape);
  send(kind, std::as_bytes(std::span(payload)));
}

void WireWriter::begin_group(std::string_view name) {
  std::string payload;
  append_name(payload, name);
  send(WireKind::kBeginGroup, std::as_bytes(std::span(payload)));
}

void WireWriter::begin_dataset(std::string_view name, const Hdf5Header& header) {
  send_header(WireKind::kBeginDataset, name, header);
}

void WireWriter::begin_attribute(std::string_view name, const Hdf5Header& header) {
  send_header(WireKind::kBeginAttribute, name, header);
}

void WireWriter::data(std::span<const std::byte> elements) { send(WireKind::kData, elements); }

}  // namespace reprotrain::engine
