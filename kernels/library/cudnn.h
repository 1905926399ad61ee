// SPDX-License-Identifier: Apache-2.0
// cuDNN's graph interface, loaded when it is first asked for, and its descriptors as C++ objects.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/library/cudnn_abi.h"

namespace reprotrain::kernels::cudnn {

/// The library's functions. Throws std::runtime_error, with a sentence, where it cannot be loaded from
/// where kernels/base/vendor_library.h finds it, or lacks one of them.
const Functions& functions();

/// Throws std::runtime_error that names `call`, with the library's own words, unless it succeeded.
void check(Status status, const char* call);

/// A thing of the graph interface: attributes are set, then it is finalized, then it is used.
class Descriptor {
 public:
  explicit Descriptor(DescriptorType type);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  RawDescriptor raw() const { return raw_; }

  // All throw as check() does.
  void set(Attribute attribute, ValueType type, int64_t n, const void* values);
  void set_int64(Attribute attribute, int64_t value) { set(attribute, kInt64Value, 1, &value); }
  void set_int64s(Attribute attribute, std::span<const int64_t> values) {
    set(attribute, kInt64Value, static_cast<int64_t>(values.size()), values.data());
  }
  void set_enum(Attribute attribute, ValueType type, int value) { set(attribute, type, 1, &value); }
  void set_float(Attribute attribute, float value) { set(attribute, kFloatValue, 1, &value); }
  void set_descriptor(Attribute attribute, const Descriptor& value) {
    set(attribute, kDescriptorValue, 1, &value.raw_);
  }
  void finalize();
  /// finalize(), or false where the library does not support what is described.
  bool finalize_if_supported();

  int64_t int64(Attribute attribute) const;
  int enum_value(Attribute attribute, ValueType type) const;
  std::vector<int> notes(Attribute attribute, ValueType type) const;  ///< of an engine
  /// Descriptors of `type`: those that there are, at most `n_most`.
  std::vector<Descriptor> descriptors(Attribute attribute, DescriptorType type,
                                      int64_t n_most) const;

 private:
  RawDescriptor raw_ = nullptr;
};

/// What kernels are chosen for: the current device, or one that only its description is known of, which
/// plans can be made for and not executed.
class Target {
 public:
  /// The current device. Throws as check() does.
  Target();
  /// The device that `description` describes in the library's own JSON.
  explicit Target(const std::string& description);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Handle handle() const { return handle_; }
  /// Tells a descriptor of the device, by the attribute that it has for either way.
  void tell(Descriptor& descriptor, std::optional<Attribute> by_handle,
            std::optional<Attribute> by_description) const;

 private:
  Handle handle_ = nullptr;
  std::optional<Descriptor> description_;
};

}  // namespace reprotrain::kernels::cudnn
