// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/cudnn.h"

#include <stdexcept>

#include "kernels/base/vendor_library.h"
#include "kernels/library/library_functions.h"

namespace reprotrain::kernels::cudnn {

namespace {

Functions load() {
  constexpr int kMajor = 9;
  void* const library = open_vendor_library("libcudnn", kMajor);
  Functions found{};
#define FIND(name) find_function(library, #name, found.name)
  FIND(cudnnGetVersion);
  FIND(cudnnGetLastErrorString);
  FIND(cudnnCreate);
  FIND(cudnnDestroy);
  FIND(cudnnSetStream);
  FIND(cudnnBackendCreateDescriptor);
  FIND(cudnnBackendDestroyDescriptor);
  FIND(cudnnBackendFinalize);
  FIND(cudnnBackendSetAttribute);
  FIND(cudnnBackendGetAttribute);
  FIND(cudnnBackendExecute);
#undef FIND
  return found;
}

/// Whether the library has nothing for what is described. Without a driver, a runtime or a part of the
/// library that fits it says so in this range, too: that is a failure.
bool is_unsupported(Status status) {
  return status / 1000 == kNotSupported / 1000 && status != kDriverDoesNotFit &&
         status != kRuntimeDoesNotFit && status != kPrerequisiteIsMissing &&
         status != kPartIsMissing;
}

}  // namespace

const Functions& functions() {
  static const Functions loaded = load();
  return loaded;
}

void check(Status status, const char* call) {
  if (status == kSuccess) return;
  char words[256] = {};
  functions().cudnnGetLastErrorString(words, sizeof words - 1);
  throw std::runtime_error(std::string("cuDNN: ") + call + " failed with status " +
                           std::to_string(status) + (words[0] == 0 ? "" : ": ") + words);
}

Descriptor::Descriptor(DescriptorType type) {
  check(functions().cudnnBackendCreateDescriptor(type, &raw_), "cudnnBackendCreateDescriptor");
}

Descriptor::~Descriptor() {
  if (raw_ != nullptr) functions().cudnnBackendDestroyDescriptor(raw_);
}

void Descriptor::set(Attribute attribute, ValueType type, int64_t n, const void* values) {
  check(functions().cudnnBackendSetAttribute(raw_, attribute, type, n, values),
        "cudnnBackendSetAttribute");
}

void Descriptor::finalize() {
  check(functions().cudnnBackendFinalize(raw_), "cudnnBackendFinalize");
}

bool Descriptor::finalize_if_supported() {
  const Status status = functions().cudnnBackendFinalize(raw_);
  if (is_unsupported(status)) return false;
  check(status, "cudnnBackendFinalize");
  return true;
}

int64_t Descriptor::int64(Attribute attribute) const {
  int64_t n = 0, value = 0;
  check(functions().cudnnBackendGetAttribute(raw_, attribute, kInt64Value, 1, &n, &value),
        "cudnnBackendGetAttribute");
  return value;
}

int Descriptor::enum_value(Attribute attribute, ValueType type) const {
  int64_t n = 0;
  int value = 0;
  check(functions().cudnnBackendGetAttribute(raw_, attribute, type, 1, &n, &value),
        "cudnnBackendGetAttribute");
  return value;
}

std::vector<int> Descriptor::notes(Attribute attribute, ValueType type) const {
  int64_t n = 0;
  std::vector<int> notes(kMostNotes);
  check(functions().cudnnBackendGetAttribute(raw_, attribute, type, kMostNotes, &n, notes.data()),
        "cudnnBackendGetAttribute");
  notes.resize(static_cast<size_t>(n));
  return notes;
}

std::vector<Descriptor> Descriptor::descriptors(Attribute attribute, DescriptorType type,
                                                int64_t n_most) const {
  std::vector<Descriptor> found;
  std::vector<RawDescriptor> raw;
  for (int64_t i = 0; i < n_most; ++i) raw.push_back(found.emplace_back(type).raw());
  int64_t n = 0;
  const Status status = functions().cudnnBackendGetAttribute(raw_, attribute, kDescriptorValue,
                                                             n_most, &n, raw.data());
  if (is_unsupported(status)) n = 0;
  if (!is_unsupported(status)) check(status, "cudnnBackendGetAttribute");
  while (static_cast<int64_t>(found.size()) > n) found.pop_back();
  return found;
}

Target::Target() { check(functions().cudnnCreate(&handle_), "cudnnCreate"); }

Target::Target(const std::string& description) {
  description_.emplace(kDeviceProperties);
  description_->set(kDeviceDescription, kCharValue, static_cast<int64_t>(description.size()) + 1,
                    description.c_str());
  description_->finalize();
}

Target::~Target() {
  if (handle_ != nullptr) functions().cudnnDestroy(handle_);
}

void Target::tell(Descriptor& descriptor, std::optional<Attribute> by_handle,
                  std::optional<Attribute> by_description) const {
  if (handle_ != nullptr && by_handle) descriptor.set(*by_handle, kHandleValue, 1, &handle_);
  if (description_ && by_description) descriptor.set_descriptor(*by_description, *description_);
}

}  // namespace reprotrain::kernels::cudnn
