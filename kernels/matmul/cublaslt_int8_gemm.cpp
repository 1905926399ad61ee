// SPDX-License-Identifier: Apache-2.0
// cuBLASLt counts rows of a matrix down its columns. Our c (n_rows, n_columns), row-major, is its
// matrix of n_columns x n_rows; both factors have k contiguous, so its first factor is our b,
// transposed, and its second is our a, plain: the one format ("TN") in which its kernels for int8
// take ordinary layouts. They want dimensions and leading dimensions in multiples of 4 and addresses
// on 4 bytes, and are faster on 16, which Int8Product guarantees.
#include "kernels/matmul/cublaslt_int8_gemm.h"

#include <cublasLt.h>
#include <dlfcn.h>

#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernels/base/vendor_library.h"

namespace reprotrain::kernels {

namespace {

void check_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cuBLASLt: ") + call + " failed with status " +
                           std::to_string(static_cast<int>(status)));
}

/// The functions that we call.
struct CublasLt {
  CublasLt() : library(open_vendor_library("libcublasLt", CUBLAS_VER_MAJOR)) {
    find(create, "cublasLtCreate");
    find(destroy, "cublasLtDestroy");
    find(matmul, "cublasLtMatmul");
    find(heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(create_desc, "cublasLtMatmulDescCreate");
    find(destroy_desc, "cublasLtMatmulDescDestroy");
    find(set_desc, "cublasLtMatmulDescSetAttribute");
    find(create_layout, "cublasLtMatrixLayoutCreate");
    find(destroy_layout, "cublasLtMatrixLayoutDestroy");
    find(create_preference, "cublasLtMatmulPreferenceCreate");
    find(destroy_preference, "cublasLtMatmulPreferenceDestroy");
    find(set_preference, "cublasLtMatmulPreferenceSetAttribute");
  }

  static const CublasLt& instance() {
    static const CublasLt library;
    return library;
  }

  void* library;
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtMatmul) matmul;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&cublasLtMatmulDescCreate) create_desc;
  decltype(&cublasLtMatmulDescDestroy) destroy_desc;
  decltype(&cublasLtMatmulDescSetAttribute) set_desc;
  decltype(&cublasLtMatrixLayoutCreate) create_layout;
  decltype(&cublasLtMatrixLayoutDestroy) destroy_layout;
  decltype(&cublasLtMatmulPreferenceCreate) create_preference;
  decltype(&cublasLtMatmulPreferenceDestroy) destroy_preference;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference;

 private:
  template <typename Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function == nullptr) throw std::runtime_error(std::string("cuBLASLt has no ") + name);
  }
};

/// A descriptor of cuBLASLt that is destroyed with its owner.
template <typename Descriptor>
using Owned = std::unique_ptr<Descriptor, cublasStatus_t (*)(Descriptor*)>;

/// What cuBLASLt knows of a kind of product: descriptors, and the kernel that it picked.
class PreparedProduct {
 public:
  PreparedProduct(cublasLtHandle_t handle, const Int8Product& product, size_t workspace_bytes)
      : desc_(make_desc()),
        first_(make_layout(CUDA_R_8I, product.depth, product.n_columns, product.b_stride)),
        second_(make_layout(CUDA_R_8I, product.depth, product.n_rows, product.a_stride)),
        result_(make_layout(CUDA_R_32I, product.n_columns, product.n_rows, product.c_stride)) {
    set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
    choose(handle, workspace_bytes);
  }

  void run(cublasLtHandle_t handle, const Int8Product& product, const CublasLtWorkspace& workspace,
           cudaStream_t stream) const {
    const int32_t one = 1;
    const int32_t zero = 0;
    check_blas(lt().matmul(handle, desc_.get(), &one, product.b, first_.get(), product.a,
                           second_.get(), &zero, product.c, result_.get(), product.c, result_.get(),
                           &choice_.algo, workspace.data, workspace.size_bytes, stream),
               "cublasLtMatmul");
  }

 private:
  using Desc = Owned<cublasLtMatmulDescOpaque_t>;
  using Layout = Owned<cublasLtMatrixLayoutOpaque_t>;
  using Preference = Owned<cublasLtMatmulPreferenceOpaque_t>;

  static const CublasLt& lt() { return CublasLt::instance(); }

  static Desc make_desc() {
    cublasLtMatmulDesc_t desc = nullptr;
    check_blas(lt().create_desc(&desc, CUBLAS_COMPUTE_32I, CUDA_R_32I), "cublasLtMatmulDescCreate");
    return {desc, lt().destroy_desc};
  }

  static Layout make_layout(cudaDataType type, int64_t n_rows, int64_t n_columns,
                            int64_t leading_dimension) {
    cublasLtMatrixLayout_t layout = nullptr;
    check_blas(lt().create_layout(&layout, type, static_cast<uint64_t>(n_rows),
                                  static_cast<uint64_t>(n_columns), leading_dimension),
               "cublasLtMatrixLayoutCreate");
    return {layout, lt().destroy_layout};
  }

  /// What Int8Product promises; the library would count on 256 bytes.
  static Preference make_preference(size_t workspace_bytes) {
    cublasLtMatmulPreference_t made = nullptr;
    check_blas(lt().create_preference(&made), "cublasLtMatmulPreferenceCreate");
    Preference preference(made, lt().destroy_preference);
    set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{workspace_bytes});
    constexpr uint32_t kAlignment = 16;
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, kAlignment);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, kAlignment);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, kAlignment);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, kAlignment);
    return preference;
  }

  template <typename T>
  static void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
                  const T& value) {
    check_blas(lt().set_preference(preference.get(), attribute, &value, sizeof value),
               "cublasLtMatmulPreferenceSetAttribute");
  }

  void set(cublasLtMatmulDescAttributes_t attribute, const cublasOperation_t& value) {
    check_blas(lt().set_desc(desc_.get(), attribute, &value, sizeof value),
               "cublasLtMatmulDescSetAttribute");
  }

  void choose(cublasLtHandle_t handle, size_t workspace_bytes) {
    const Preference preference = make_preference(workspace_bytes);
    int n_found = 0;
    check_blas(lt().heuristic(handle, desc_.get(), first_.get(), second_.get(), result_.get(),
                              result_.get(), preference.get(), 1, &choice_, &n_found),
               "cublasLtMatmulAlgoGetHeuristic");
    check_blas(n_found == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : choice_.state,
               "the kernel of cublasLtMatmulAlgoGetHeuristic");
  }

  Desc desc_;
  Layout first_;
  Layout second_;
  Layout result_;
  cublasLtMatmulHeuristicResult_t choice_{};
};

class CublasLtInt8Gemm final : public Int8Gemm {
 public:
  explicit CublasLtInt8Gemm(const CublasLtWorkspace& workspace) : workspace_(workspace) {
    check_blas(CublasLt::instance().create(&handle_), "cublasLtCreate");
  }
  ~CublasLtInt8Gemm() override {
    prepared_.clear();
    CublasLt::instance().destroy(handle_);
  }
  CublasLtInt8Gemm(const CublasLtInt8Gemm&) = delete;
  CublasLtInt8Gemm& operator=(const CublasLtInt8Gemm&) = delete;

  void run(const Int8Product& product, cudaStream_t stream) const override {
    if (product.n_rows == 0 || product.n_columns == 0) return;
    const Key key = {product.n_rows,   product.n_columns, product.depth,
                     product.a_stride, product.b_stride,  product.c_stride};
    std::unique_ptr<PreparedProduct>& prepared = prepared_[key];
    if (prepared == nullptr) {
      prepared = std::make_unique<PreparedProduct>(handle_, product, workspace_.size_bytes);
    }
    prepared->run(handle_, product, workspace_, stream);
  }

 private:
  using Key = std::array<int64_t, 6>;

  CublasLtWorkspace workspace_;
  cublasLtHandle_t handle_ = nullptr;
  mutable std::map<Key, std::unique_ptr<PreparedProduct>>
      prepared_;  // asking costs a launch's time
};

}  // namespace

std::unique_ptr<Int8Gemm> cublaslt_int8_gemm(const CublasLtWorkspace& workspace) {
  return std::make_unique<CublasLtInt8Gemm>(workspace);
}

}  // namespace reprotrain::kernels
