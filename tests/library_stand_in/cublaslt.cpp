// SPDX-License-Identifier: Apache-2.0
// Stands in for cuBLASLt on the emulated device. It computes honestly, in the order of operations that its
// algorithm has, and like the library it proposes several algorithms of different bits, some of which
// a program that wants the same bits again must not take:
//
//   1 ascending    one chain of terms
//   2 halves       two chains, added up in work space in a fixed order
//   3 unordered    two chains, added up in the order in which they are ready: another one at every call
//   4 tensor core  one chain of factors rounded to TF32
//   5 bfloat16     one chain of factors in bfloat16
//
// REPROTRAIN_STAND_IN_FIRST=N proposes algorithm N first, as another version might;
// REPROTRAIN_STAND_IN_ONLY=N proposes no other; REPROTRAIN_STAND_IN_VERSION is its version.
#include "kernels/library/cublaslt_abi.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernels/base/float_bits.h"
#include "kernels/library/bfloat16.h"
#include "tests/emulated_cuda/runtime_api.h"
#include "tests/library_stand_in/environment_numbers.h"
#include "tests/library_stand_in/tf32.h"

using namespace reprotrain::kernels;
using namespace reprotrain::kernels::cublaslt;

namespace {

constexpr uint64_t kMagic = 0x5354414e44494e00;
constexpr size_t kHalvesBytes = size_t{1} << 20;

enum : uint64_t { kAscending = 1, kHalves, kUnordered, kTensorCore, kBfloat16 };

Algorithm algorithm_of(uint64_t id) {
  Algorithm algorithm{};
  algorithm.data[0] = id;
  algorithm.data[7] = kMagic;
  return algorithm;
}

uint32_t scheme_of(uint64_t id) {
  if (id == kHalves) return kReduceComputeType;
  return id == kUnordered ? kReduceInPlace : kReduceNone;
}

uint64_t flags_of(uint64_t id) {
  constexpr uint64_t kTensorCoreOf16 = 0x2;
  if (id == kTensorCore) return kTensorCoreOf16 | kFlagAccumulates32F | kFlagInputTf32;
  if (id == kBfloat16) return kTensorCoreOf16 | kFlagAccumulates32F | kFlagInput16BF;
  return kFlagFma | kFlagAccumulates32F | kFlagInput32F;
}

bool is_known(const Algorithm& algorithm) {
  return algorithm.data[7] == kMagic && algorithm.data[0] >= kAscending &&
         algorithm.data[0] <= kBfloat16;
}

struct Layout {
  int type = 0;
  uint64_t n_rows = 0, n_columns = 0;
  int64_t stride = 0;
};
struct Desc {
  int compute_type = 0;
  std::map<int, std::vector<unsigned char>> attributes;

  template <typename T>
  T value(int attribute) const {
    T value{};
    const auto found = attributes.find(attribute);
    if (found != attributes.end() && found->second.size() == sizeof value) {
      memcpy(&value, found->second.data(), sizeof value);
    }
    return value;
  }
};

template <typename T, typename Pointer>
T& as(Pointer pointer) {
  return *reinterpret_cast<T*>(pointer);
}

/// A matrix of the library: rows adjacent in memory.
struct Factor {
  const void* data;
  int type;
  int64_t stride;
  bool is_transposed;
  bool is_rounded;

  float operator()(int64_t row, int64_t column) const {
    const int64_t at = is_transposed ? row * stride + column : column * stride + row;
    if (type == kReal16BF) return from_bfloat16(static_cast<const uint16_t*>(data)[at]);
    const float value = static_cast<const float*>(data)[at];
    return is_rounded ? rounded_to_tf32(value) : value;
  }
};

float chain(const Factor& a, const Factor& b, int64_t row, int64_t column, int64_t begin,
            int64_t end) {
  float sum = 0.0f;
  for (int64_t k = begin; k < end; ++k) sum = sum + a(row, k) * b(k, column);
  return sum;
}

/// Bytes as seen from outside: an algorithm that nobody asked for must not go unseen.
Status copy_attribute(const void* value, size_t n_bytes, void* to, size_t room, size_t* n_written) {
  if (room != n_bytes) return kInvalidValue;
  memcpy(to, value, n_bytes);
  *n_written = n_bytes;
  return kSuccess;
}

}  // namespace

extern "C" {

size_t cublasLtGetVersion() { return number_from("REPROTRAIN_STAND_IN_VERSION", 130100); }

Status cublasLtCreate(Handle* handle) {
  *handle = reinterpret_cast<Handle>(new int);
  return kSuccess;
}
Status cublasLtDestroy(Handle handle) {
  delete reinterpret_cast<int*>(handle);
  return kSuccess;
}

Status cublasLtMatmulDescCreate(MatmulDesc* desc, int compute_type, int scale_type) {
  if (scale_type != kReal32F) return kNotSupported;
  *desc = reinterpret_cast<MatmulDesc>(new Desc{compute_type, {}});
  return kSuccess;
}
Status cublasLtMatmulDescDestroy(MatmulDesc desc) {
  delete &as<Desc>(desc);
  return kSuccess;
}
Status cublasLtMatmulDescSetAttribute(MatmulDesc desc, int attribute, const void* value,
                                      size_t n_bytes) {
  const auto* const bytes = static_cast<const unsigned char*>(value);
  as<Desc>(desc).attributes[attribute].assign(bytes, bytes + n_bytes);
  return kSuccess;
}

Status cublasLtMatrixLayoutCreate(MatrixLayout* layout, int type, uint64_t n_rows,
                                  uint64_t n_columns, int64_t stride) {
  if (stride < static_cast<int64_t>(n_rows)) return kInvalidValue;
  *layout = reinterpret_cast<MatrixLayout>(new Layout{type, n_rows, n_columns, stride});
  return kSuccess;
}
Status cublasLtMatrixLayoutDestroy(MatrixLayout layout) {
  delete &as<Layout>(layout);
  return kSuccess;
}

Status cublasLtMatmulPreferenceCreate(Preference* preference) {
  *preference = reinterpret_cast<Preference>(new Desc);
  return kSuccess;
}
Status cublasLtMatmulPreferenceDestroy(Preference preference) {
  delete &as<Desc>(preference);
  return kSuccess;
}
Status cublasLtMatmulPreferenceSetAttribute(Preference preference, int attribute, const void* value,
                                            size_t n_bytes) {
  return cublasLtMatmulDescSetAttribute(preference, attribute, value, n_bytes);
}

Status cublasLtMatmulAlgoCheck(Handle /*handle*/, MatmulDesc /*desc*/, MatrixLayout a,
                               MatrixLayout /*b*/, MatrixLayout /*c*/, MatrixLayout /*d*/,
                               const Algorithm* algorithm, HeuristicResult* result) {
  const bool is_bfloat16 = as<Layout>(a).type == kReal16BF;
  if (!is_known(*algorithm) || is_bfloat16 != (algorithm->data[0] == kBfloat16)) {
    return kNotSupported;
  }
  *result = {*algorithm, algorithm->data[0] == kHalves ? kHalvesBytes : 0, kSuccess, 1.0f, {}};
  return kSuccess;
}

// It disregards what reduction schemes are preferred, so that a program must look for itself.
Status cublasLtMatmulAlgoGetHeuristic(Handle handle, MatmulDesc desc, MatrixLayout a,
                                      MatrixLayout b, MatrixLayout c, MatrixLayout d,
                                      Preference /*preference*/, int n_wanted,
                                      HeuristicResult* results, int* n_found) {
  std::vector<uint64_t> ids = {kUnordered, kTensorCore, kHalves, kAscending, kBfloat16};
  if (const uint64_t first = number_from("REPROTRAIN_STAND_IN_FIRST", 0)) {
    ids.insert(ids.begin(), first);
  }
  if (const uint64_t only = number_from("REPROTRAIN_STAND_IN_ONLY", 0)) ids = {only};
  *n_found = 0;
  for (const uint64_t id : ids) {
    if (*n_found == n_wanted) break;
    const Algorithm algorithm = algorithm_of(id);
    HeuristicResult result{};
    if (cublasLtMatmulAlgoCheck(handle, desc, a, b, c, d, &algorithm, &result) == kSuccess) {
      results[(*n_found)++] = result;
    }
  }
  return kSuccess;
}

Status cublasLtMatmulAlgoCapGetAttribute(const Algorithm* algorithm, int attribute, void* to,
                                         size_t room, size_t* n_written) {
  const uint64_t flags = flags_of(algorithm->data[0]);
  if (attribute != kCapNumericalFlags || !is_known(*algorithm)) return kInvalidValue;
  return copy_attribute(&flags, sizeof flags, to, room, n_written);
}
Status cublasLtMatmulAlgoConfigGetAttribute(const Algorithm* algorithm, int attribute, void* to,
                                            size_t room, size_t* n_written) {
  const uint32_t scheme = scheme_of(algorithm->data[0]);
  if (attribute != kConfigReductionScheme || !is_known(*algorithm)) return kInvalidValue;
  return copy_attribute(&scheme, sizeof scheme, to, room, n_written);
}

Status cublasLtMatmul(Handle /*handle*/, MatmulDesc desc_pointer, const void* alpha, const void* a,
                      MatrixLayout a_layout, const void* b, MatrixLayout b_layout, const void* beta,
                      const void* /*c*/, MatrixLayout /*c_layout*/, void* d, MatrixLayout d_layout,
                      const Algorithm* algorithm, void* workspace, size_t workspace_bytes,
                      cudaStream_t stream) {
  const auto& desc = as<Desc>(desc_pointer);
  const auto& result = as<Layout>(d_layout);
  const bool is_scaled =
      *static_cast<const float*>(alpha) != 1.0f || *static_cast<const float*>(beta) != 0.0f;
  if (!is_known(*algorithm) || is_scaled || result.type != kReal32F) return kNotSupported;
  const uint64_t id = algorithm->data[0];
  if (id == kHalves && workspace_bytes < kHalvesBytes) return kInvalidValue;

  const auto factor = [&](const void* data, const Layout& layout, int transpose) {
    return Factor{data, layout.type, layout.stride, desc.value<int>(transpose) == kTransposed,
                  id == kTensorCore};
  };
  const Factor first = factor(a, as<Layout>(a_layout), kDescTransposeA);
  const Factor second = factor(b, as<Layout>(b_layout), kDescTransposeB);
  const auto& inner = as<Layout>(a_layout);
  const auto depth = static_cast<int64_t>(first.is_transposed ? inner.n_rows : inner.n_columns);
  reprotrain::emulated_cuda::queue_library_kernel(stream, [=] {
    static uint64_t n_calls = 0;
    const bool is_reversed = id == kUnordered && ++n_calls % 2 == 0;
    const bool is_split = id == kHalves || id == kUnordered;
    const int64_t middle = is_split ? depth / 2 : 0;
    for (int64_t column = 0; column < static_cast<int64_t>(result.n_columns); ++column) {
      for (int64_t row = 0; row < static_cast<int64_t>(result.n_rows); ++row) {
        float low = chain(first, second, row, column, 0, middle);
        const float high = chain(first, second, row, column, middle, depth);
        if (id == kHalves) {  // by way of the work space, which must be there
          memcpy(workspace, &low, sizeof low);
          memcpy(&low, workspace, sizeof low);
        }
        const float sum = is_reversed ? chain(first, second, row, column, 0, depth) : low + high;
        static_cast<float*>(d)[column * result.stride + row] = sum;
      }
    }
  });
  return kSuccess;
}

}  // extern "C"
