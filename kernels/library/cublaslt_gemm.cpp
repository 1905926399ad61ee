// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/cublaslt_gemm.h"

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "kernels/library/cublaslt.h"
#include "kernels/library/operand_alignment.h"
#include "kernels/library/operands_cuda.h"
#include "kernels/matmul/ordered_matmul_cuda.h"

namespace reprotrain::kernels {

namespace {

using cublaslt::Algorithm;

constexpr int kProposals = 16;

/// Of every row of a matrix.
uint32_t alignment_of_rows(const void* address, int64_t stride, size_t element_bytes) {
  return alignment_of(reinterpret_cast<uintptr_t>(address) |
                      static_cast<uintptr_t>(stride) * element_bytes);
}

std::string hex_of(const Algorithm& algorithm) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t word : algorithm.data) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 15u];
  }
  return text;
}

std::optional<Algorithm> algorithm_from(const std::string& hex) {
  Algorithm algorithm{};
  constexpr size_t kDigitsOfWord = 16;
  if (hex.size() != std::size(algorithm.data) * kDigitsOfWord ||
      hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return std::nullopt;
  }
  for (size_t i = 0; i < std::size(algorithm.data); ++i) {
    algorithm.data[i] = std::stoull(hex.substr(i * kDigitsOfWord, kDigitsOfWord), nullptr, 16);
  }
  return algorithm;
}

/// An attribute of an algorithm; nothing where the library does not know it.
template <typename T, typename Function>
std::optional<T> attribute_of(const Algorithm& algorithm, int attribute, Function function) {
  T value{};
  size_t n_written = 0;
  if (function(&algorithm, attribute, &value, sizeof value, &n_written) != cublaslt::kSuccess) {
    return std::nullopt;
  }
  return value;
}

/// Why the bits of an algorithm may change from call to call, or ""; unknown is not good enough.
std::string order_objection(const Algorithm& algorithm) {
  const auto scheme =
      attribute_of<uint32_t>(algorithm, cublaslt::kConfigReductionScheme,
                             cublaslt::functions().cublasLtMatmulAlgoConfigGetAttribute);
  if (!scheme) return "does not say how it adds up parts of a sum";
  if (*scheme == cublaslt::kReduceNone || *scheme == cublaslt::kReduceComputeType) return "";
  return "adds up parts of a sum in no fixed order (reduction scheme " + std::to_string(*scheme) +
         ")";
}

/// Why an algorithm has another precision than asked for, or "". What the library does not tell is no
/// objection: it holds to the types that it was given.
std::string precision_objection(const Algorithm& algorithm, LibraryPrecision precision) {
  const uint64_t flags =
      attribute_of<uint64_t>(algorithm, cublaslt::kCapNumericalFlags,
                             cublaslt::functions().cublasLtMatmulAlgoCapGetAttribute)
          .value_or(0);
  const uint64_t accumulator = flags & cublaslt::kFlagsAccumulator;
  if (accumulator != 0 && accumulator != cublaslt::kFlagAccumulates32F) {
    return "does not sum in binary32";
  }
  uint64_t allowed = cublaslt::kFlagInput32F;
  if (precision == LibraryPrecision::kTf32) allowed |= cublaslt::kFlagInputTf32;
  if (precision == LibraryPrecision::kBf16) allowed = cublaslt::kFlagInput16BF;
  if ((flags & cublaslt::kFlagsInput & ~allowed) != 0) return "rounds its factors otherwise";
  if (precision == LibraryPrecision::kFp32 && (flags & cublaslt::kFlagsTensorCore) != 0) {
    return "uses tensor cores, which round binary32";
  }
  return "";
}

/// A product in the words of the library.
cublaslt::Layouts layouts_of(const MatrixProduct& product, LibraryPrecision precision) {
  cublaslt::Layouts layouts;
  const size_t element_bytes = precision == LibraryPrecision::kBf16 ? 2 : 4;
  if (precision == LibraryPrecision::kBf16) layouts.input_type = cublaslt::kReal16BF;
  if (precision == LibraryPrecision::kTf32) layouts.compute_type = cublaslt::kCompute32FFastTf32;
  layouts.transpose_first = product.transpose_b;
  layouts.transpose_second = product.transpose_a;
  layouts.m = product.c.n_columns;
  layouts.n = product.c.n_rows;
  layouts.k = product.depth();
  layouts.first_stride = product.b.row_stride;
  layouts.second_stride = product.a.row_stride;
  layouts.result_stride = product.c.row_stride;
  layouts.first_alignment = alignment_of_rows(product.b.data, product.b.row_stride, element_bytes);
  layouts.second_alignment = alignment_of_rows(product.a.data, product.a.row_stride, element_bytes);
  layouts.result_alignment = alignment_of_rows(product.c.data, product.c.row_stride, sizeof(float));
  return layouts;
}

/// What tells one product from another for the library, as text for a record.
std::string name_of_product(const cublaslt::Layouts& l, LibraryPrecision precision) {
  const auto number = [](auto n) { return std::to_string(n); };
  return "matmul " + std::string(name_of(precision)) + " " + number(l.n) + "x" + number(l.m) + "x" +
         number(l.k) + (l.transpose_second ? " t" : " n") + (l.transpose_first ? "t" : "n") +
         " strides " + number(l.second_stride) + " " + number(l.first_stride) + " " +
         number(l.result_stride) + " alignment " + number(l.second_alignment) + " " +
         number(l.first_alignment) + " " + number(l.result_alignment);
}

/// Elements from row to row of a factor as bfloat16: its rows begin on 16 bytes, as tensor cores want.
int64_t bfloat16_stride(int64_t n_columns) { return round_up(n_columns, 8); }

class CublasLtGemm final : public LibraryGemm {
 public:
  CublasLtGemm(LibraryPrecision precision, int64_t library_bytes, AlgorithmBook& book)
      : precision_(precision), library_bytes_(library_bytes), book_(book) {}

  int64_t workspace_bytes(const ProductShape& shape) const override {
    int64_t n_bytes = DeviceWorkspace::bytes_for<unsigned char>(library_bytes_);
    if (precision_ == LibraryPrecision::kBf16) {
      const int64_t n_rows = bfloat16_stride(shape.n_rows), depth = bfloat16_stride(shape.depth);
      n_bytes += DeviceWorkspace::bytes_for<uint16_t>(n_rows * depth) +
                 DeviceWorkspace::bytes_for<uint16_t>(depth * bfloat16_stride(shape.n_columns));
    }
    return n_bytes;
  }

  void multiply(const MatrixProduct& product, DeviceWorkspace workspace,
                cudaStream_t stream) override {
    require_product(product);
    if (product.c.n_rows == 0 || product.c.n_columns == 0) return;
    if (product.depth() == 0) return multiply_nothing(product, stream);
    MatrixProduct rounded = product;
    if (precision_ == LibraryPrecision::kBf16) {
      rounded.a = rounded_factor(product.a, workspace, stream);
      rounded.b = rounded_factor(product.b, workspace, stream);
    }
    const cublaslt::Layouts layouts = layouts_of(rounded, precision_);
    const Prepared& prepared = prepare(layouts);
    const cublaslt::Workspace memory{workspace.take<unsigned char>(library_bytes_),
                                     static_cast<size_t>(library_bytes_)};
    prepared.operation.run(session_, prepared.algorithm,
                           {rounded.b.data, rounded.a.data, rounded.c.data}, memory, stream);
    // Not by the library, whose kernels may count on an address that parameters do not have.
    if (product.bias != nullptr) add_bias_cuda(product.bias, product.c, stream);
  }

 private:
  struct Prepared {
    cublaslt::Operation operation;
    Algorithm algorithm;
  };

  static ConstMatrixView rounded_factor(const ConstMatrixView& factor, DeviceWorkspace& workspace,
                                        cudaStream_t stream) {
    const int64_t stride = bfloat16_stride(factor.n_columns);
    auto* const memory = workspace.take<uint16_t>(factor.n_rows * stride);
    round_to_bfloat16_cuda(factor, memory, stride, stream);
    return {reinterpret_cast<const float*>(memory), factor.n_rows, factor.n_columns, stride};
  }

  /// No terms, where the library would refuse: +0 and the bias.
  static void multiply_nothing(MatrixProduct product, cudaStream_t stream) {
    product.epilogue = {};
    const ProductShape shape{product.c.n_rows, product.c.n_columns, 0};
    ordered_matmul_cuda(product, plan_ordered_matmul(shape, 1, 0), {}, stream);
  }

  const Prepared& prepare(const cublaslt::Layouts& layouts) {
    const auto known = prepared_.find(layouts);
    if (known != prepared_.end()) return known->second;
    const std::string name = name_of_product(layouts, precision_);
    cublaslt::Operation operation(layouts);
    const Algorithm algorithm = choose(name, operation);
    book_.use(name, hex_of(algorithm));
    return prepared_.emplace(layouts, Prepared{std::move(operation), algorithm}).first->second;
  }

  Algorithm choose(const std::string& name, const cublaslt::Operation& operation) const {
    if (const auto recorded = book_.recorded(name)) return replay(name, operation, *recorded);
    std::string objection = "proposes none";
    for (const Algorithm& proposed :
         operation.propose(session_, static_cast<size_t>(library_bytes_),
                           cublaslt::kReduceComputeType, kProposals)) {
      objection = order_objection(proposed);
      if (objection.empty()) objection = precision_objection(proposed, precision_);
      if (objection.empty()) return proposed;
    }
    throw std::runtime_error("cuBLASLt has no algorithm whose bits repeat for " + name +
                             ": the last one it proposes " + objection +
                             "; use another numerics.precision, or numerics.mode portable");
  }

  Algorithm replay(const std::string& name, const cublaslt::Operation& operation,
                   const std::string& recorded) const {
    using Why = ReplayError::Why;
    const auto refuse = [&](Why why, const std::string& reason) {
      throw ReplayError(why, "the algorithm that is recorded for " + name + " " + reason);
    };
    const auto algorithm = algorithm_from(recorded);
    if (!algorithm) refuse(Why::kNotValid, "is no algorithm of cuBLASLt's");
    if (!operation.accepts(session_, *algorithm, static_cast<size_t>(library_bytes_))) {
      refuse(Why::kNotHere, "is not one that cuBLASLt has here");
    }
    std::string objection = order_objection(*algorithm);
    if (objection.empty()) objection = precision_objection(*algorithm, precision_);
    if (!objection.empty()) refuse(Why::kNotValid, objection);
    return *algorithm;
  }

  LibraryPrecision precision_;
  int64_t library_bytes_;
  AlgorithmBook& book_;
  cublaslt::Session session_;
  std::map<cublaslt::Layouts, Prepared> prepared_;
};

}  // namespace

std::unique_ptr<LibraryGemm> cublaslt_gemm(LibraryPrecision precision, int64_t library_bytes,
                                           AlgorithmBook& book) {
  return std::make_unique<CublasLtGemm>(precision, library_bytes, book);
}

size_t cublaslt_version() { return cublaslt::functions().cublasLtGetVersion(); }

}  // namespace reprotrain::kernels
