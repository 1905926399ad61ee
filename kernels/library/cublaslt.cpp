// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/cublaslt.h"

#include <stdexcept>
#include <string>

#include "kernels/base/vendor_library.h"
#include "kernels/library/library_functions.h"

namespace reprotrain::kernels::cublaslt {

namespace {

Functions load() {
  constexpr int kMajor = CUDART_VERSION / 1000;
  void* const library = open_vendor_library("libcublasLt", kMajor);
  Functions found{};
#define FIND(name) find_function(library, #name, found.name)
  FIND(cublasLtGetVersion);
  FIND(cublasLtCreate);
  FIND(cublasLtDestroy);
  FIND(cublasLtMatmul);
  FIND(cublasLtMatmulAlgoGetHeuristic);
  FIND(cublasLtMatmulAlgoCheck);
  FIND(cublasLtMatmulAlgoCapGetAttribute);
  FIND(cublasLtMatmulAlgoConfigGetAttribute);
  FIND(cublasLtMatmulDescCreate);
  FIND(cublasLtMatmulDescDestroy);
  FIND(cublasLtMatmulDescSetAttribute);
  FIND(cublasLtMatrixLayoutCreate);
  FIND(cublasLtMatrixLayoutDestroy);
  FIND(cublasLtMatmulPreferenceCreate);
  FIND(cublasLtMatmulPreferenceDestroy);
  FIND(cublasLtMatmulPreferenceSetAttribute);
#undef FIND
  return found;
}

MatmulDesc make_desc(const Layouts& layouts) {
  MatmulDesc desc = nullptr;
  const int scale_type = layouts.result_type;
  check(functions().cublasLtMatmulDescCreate(&desc, layouts.compute_type, scale_type),
        "cublasLtMatmulDescCreate");
  return desc;
}

}  // namespace

const Functions& functions() {
  static const Functions loaded = load();
  return loaded;
}

void check(Status status, const char* call) {
  if (status == kSuccess) return;
  throw std::runtime_error(std::string("cuBLASLt: ") + call + " failed with status " +
                           std::to_string(status));
}

Operation::Operation(const Layouts& layouts)
    : layouts_(layouts),
      desc_(make_desc(layouts), Destroy{functions().cublasLtMatmulDescDestroy}),
      first_(make_layout(layouts.input_type, layouts.transpose_first ? layouts.k : layouts.m,
                         layouts.transpose_first ? layouts.m : layouts.k, layouts.first_stride)),
      second_(make_layout(layouts.input_type, layouts.transpose_second ? layouts.n : layouts.k,
                          layouts.transpose_second ? layouts.k : layouts.n, layouts.second_stride)),
      result_(make_layout(layouts.result_type, layouts.m, layouts.n, layouts.result_stride)) {
  describe(kDescTransposeA, layouts.transpose_first ? kTransposed : kPlain);
  describe(kDescTransposeB, layouts.transpose_second ? kTransposed : kPlain);
}

std::vector<Algorithm> Operation::propose(const Session& session, size_t workspace_bytes,
                                          uint32_t reduction_schemes, int n_wanted) const {
  const Owned preference = make_preference(workspace_bytes, reduction_schemes);
  std::vector<HeuristicResult> results(static_cast<size_t>(n_wanted));
  int n_found = 0;
  const Status status = functions().cublasLtMatmulAlgoGetHeuristic(
      session.handle(), desc_.get(), first_.get(), second_.get(), result_.get(), result_.get(),
      preference.get(), n_wanted, results.data(), &n_found);
  if (status == kNotSupported) return {};
  check(status, "cublasLtMatmulAlgoGetHeuristic");
  std::vector<Algorithm> proposals;
  for (int i = 0; i < n_found; ++i) {
    const HeuristicResult& result = results[static_cast<size_t>(i)];
    if (result.state == kSuccess) proposals.push_back(result.algorithm);
  }
  return proposals;
}

bool Operation::accepts(const Session& session, const Algorithm& algorithm,
                        size_t workspace_bytes) const {
  HeuristicResult result{};
  const Status status = functions().cublasLtMatmulAlgoCheck(
      session.handle(), desc_.get(), first_.get(), second_.get(), result_.get(), result_.get(),
      &algorithm, &result);
  return status == kSuccess && result.workspace_bytes <= workspace_bytes;
}

void Operation::run(const Session& session, const Algorithm& algorithm, const Pointers& pointers,
                    const Workspace& workspace, cudaStream_t stream) const {
  // In binary32 and int32, one and zero of the scale's type.
  const float one_32f = 1.0f, zero_32f = 0.0f;
  const int32_t one_32i = 1, zero_32i = 0;
  const bool is_integer = layouts_.result_type == kReal32I;
  const void* const one =
      is_integer ? static_cast<const void*>(&one_32i) : static_cast<const void*>(&one_32f);
  const void* const zero =
      is_integer ? static_cast<const void*>(&zero_32i) : static_cast<const void*>(&zero_32f);
  check(functions().cublasLtMatmul(session.handle(), desc_.get(), one, pointers.first, first_.get(),
                                   pointers.second, second_.get(), zero, pointers.result,
                                   result_.get(), pointers.result, result_.get(), &algorithm,
                                   workspace.data, workspace.size_bytes, stream),
        "cublasLtMatmul");
}

Operation::Owned Operation::make_layout(int type, int64_t n_rows, int64_t n_columns,
                                        int64_t stride) {
  MatrixLayout layout = nullptr;
  check(functions().cublasLtMatrixLayoutCreate(&layout, type, static_cast<uint64_t>(n_rows),
                                               static_cast<uint64_t>(n_columns), stride),
        "cublasLtMatrixLayoutCreate");
  return {layout, Destroy{functions().cublasLtMatrixLayoutDestroy}};
}

/// The library would count on addresses in multiples of 256 bytes unless told otherwise.
Operation::Owned Operation::make_preference(size_t workspace_bytes,
                                            uint32_t reduction_schemes) const {
  Preference made = nullptr;
  check(functions().cublasLtMatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
  Owned preference(made, Destroy{functions().cublasLtMatmulPreferenceDestroy});
  const auto set = [&](int attribute, const auto& value) {
    check(functions().cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value,
                                                           sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  };
  set(kPreferMostWorkspace, uint64_t{workspace_bytes});
  set(kPreferReductionSchemes, reduction_schemes);
  set(kPreferAlignmentA, layouts_.first_alignment);
  set(kPreferAlignmentB, layouts_.second_alignment);
  set(kPreferAlignmentC, layouts_.result_alignment);
  set(kPreferAlignmentD, layouts_.result_alignment);
  return preference;
}

template <typename T>
void Operation::describe(int attribute, const T& value) const {
  check(functions().cublasLtMatmulDescSetAttribute(desc_.get(), attribute, &value, sizeof value),
        "cublasLtMatmulDescSetAttribute");
}

}  // namespace reprotrain::kernels::cublaslt
