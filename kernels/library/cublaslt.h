// SPDX-License-Identifier: Apache-2.0
// cuBLASLt, loaded when it is first asked for, and its descriptors as C++ objects.
//
// cuBLASLt counts rows of a matrix down its columns: a row-major matrix of ours is its matrix of as
// many columns as ours has rows. So our C = A B is its C^T = B^T A^T, with our B as its first factor.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/library/cublaslt_abi.h"

namespace reprotrain::kernels::cublaslt {

/// The library's functions. Throws std::runtime_error, with a sentence, where it cannot be loaded from
/// where kernels/base/vendor_library.h finds it, or lacks one of them.
const Functions& functions();

/// Throws std::runtime_error that names `call` unless `status` is success.
void check(Status status, const char* call);

/// Device memory that the library's kernels may use, aligned to 256 bytes; 32 MiB are plenty.
struct Workspace {
  void* data = nullptr;
  size_t size_bytes = 0;
};

/// For the current device.
class Session {
 public:
  Session() { check(functions().cublasLtCreate(&handle_), "cublasLtCreate"); }
  ~Session() { functions().cublasLtDestroy(handle_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Handle handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

/// How a product's matrices lie in memory, in the words of the library: its result has m rows and n
/// columns, adjacent in memory down a column.
struct Layouts {
  int input_type = kReal32F;
  int result_type = kReal32F;
  int compute_type = kCompute32F;
  bool transpose_first = false;
  bool transpose_second = false;
  int64_t m = 0, n = 0, k = 0;
  int64_t first_stride = 0, second_stride = 0, result_stride = 0;
  uint32_t first_alignment = 16, second_alignment = 16, result_alignment = 16;  ///< bytes

  auto operator<=>(const Layouts&) const = default;
};

/// A kind of product, whose algorithm is still to be chosen.
class Operation {
 public:
  explicit Operation(const Layouts& layouts);

  /// What the library proposes, the best first: up to `n_wanted`, with at most `workspace_bytes`, and
  /// with one of the ways of adding up parts whose bits are set, or none.
  std::vector<Algorithm> propose(const Session& session, size_t workspace_bytes,
                                 uint32_t reduction_schemes, int n_wanted) const;
  /// Whether the library can run `algorithm` here in that work space.
  bool accepts(const Session& session, const Algorithm& algorithm, size_t workspace_bytes) const;

  struct Pointers {
    const void* first = nullptr;
    const void* second = nullptr;
    void* result = nullptr;
  };
  /// Queues it with alpha 1 and beta 0. Throws std::runtime_error.
  void run(const Session& session, const Algorithm& algorithm, const Pointers& pointers,
           const Workspace& workspace, cudaStream_t stream) const;

 private:
  struct Destroy {
    Status (*function)(DescriptorMemory*);
    void operator()(DescriptorMemory* memory) const { function(memory); }
  };
  using Owned = std::unique_ptr<DescriptorMemory, Destroy>;

  static Owned make_layout(int type, int64_t n_rows, int64_t n_columns, int64_t stride);
  Owned make_preference(size_t workspace_bytes, uint32_t reduction_schemes) const;
  template <typename T>
  void describe(int attribute, const T& value) const;

  Layouts layouts_;
  Owned desc_;
  Owned first_;
  Owned second_;
  Owned result_;
};

}  // namespace reprotrain::kernels::cublaslt
