// SPDX-License-Identifier: Apache-2.0
// Owning handles for HDF5 identifiers.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <utility>

namespace reprotrain::engine {

/// Closes its identifier at the end of the scope. A negative identifier is a failed call.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { reset(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    reset();
    id_ = std::exchange(other.id_, H5I_INVALID_HID);
    close_ = other.close_;
    return *this;
  }

  hid_t get() const noexcept { return id_; }
  bool ok() const noexcept { return id_ >= 0; }

  /// Closes now; false when HDF5 reports a failure (a file flushes on closing).
  bool reset() noexcept {
    if (id_ < 0) return true;
    return close_(std::exchange(id_, H5I_INVALID_HID)) >= 0;
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// Held by whoever calls libhdf5 in this process, and across fork(), so that no child inherits a
/// library that another thread was in the middle of. Not recursive: public classes take it, what
/// they are made of does not.
inline std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace reprotrain::engine
