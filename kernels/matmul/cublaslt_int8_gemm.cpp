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
#include <stdexcept>
#include <string>

namespace reprotrain::kernels {

namespace {

void check_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cuBLASLt: ") + call + " failed with status " +
                           std::to_string(static_cast<int>(status)));
}

void* open_library() {
  const std::string versioned = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR);
  for (const std::string& name : {versioned, std::string("libcublasLt.so")}) {
    if (void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  }
  throw std::runtime_error(versioned + " cannot be loaded: " + dlerror() +
                           "; add its folder to LD_LIBRARY_PATH, or use the kernel without it");
}

/// The functions that we call.
struct CublasLt {
  CublasLt() : library(open_library()) {
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

/// What cuBLASLt knows of a kind of product: descriptors, and the kernel that it picked.
class PreparedProduct {
 public:
  PreparedProduct(cublasLtHandle_t handle, const Int8Product& product, size_t workspace_bytes)
      : lt_(CublasLt::instance()) {
    check_blas(lt_.create_desc(&desc_, CUBLAS_COMPUTE_32I, CUDA_R_32I), "cublasLtMatmulDescCreate");
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const cublasOperation_t plain = CUBLAS_OP_N;
    set(CUBLASLT_MATMUL_DESC_TRANSA, transposed);
    set(CUBLASLT_MATMUL_DESC_TRANSB, plain);
    make_layout(first_, CUDA_R_8I, product.depth, product.n_columns, product.b_stride);
    make_layout(second_, CUDA_R_8I, product.depth, product.n_rows, product.a_stride);
    make_layout(result_, CUDA_R_32I, product.n_columns, product.n_rows, product.c_stride);
    choose(handle, workspace_bytes);
  }
  ~PreparedProduct() {
    lt_.destroy_layout(result_);
    lt_.destroy_layout(second_);
    lt_.destroy_layout(first_);
    lt_.destroy_desc(desc_);
  }
  PreparedProduct(const PreparedProduct&) = delete;
  PreparedProduct& operator=(const PreparedProduct&) = delete;

  void run(cublasLtHandle_t handle, const Int8Product& product, const CublasLtWorkspace& workspace,
           cudaStream_t stream) const {
    const int32_t one = 1;
    const int32_t zero = 0;
    check_blas(lt_.matmul(handle, desc_, &one, product.b, first_, product.a, second_, &zero,
                          product.c, result_, product.c, result_, &choice_.algo, workspace.data,
                          workspace.size_bytes, stream),
               "cublasLtMatmul");
  }

 private:
  void set(cublasLtMatmulDescAttributes_t attribute, const cublasOperation_t& value) {
    check_blas(lt_.set_desc(desc_, attribute, &value, sizeof value),
               "cublasLtMatmulDescSetAttribute");
  }

  void make_layout(cublasLtMatrixLayout_t& layout, cudaDataType type, int64_t n_rows,
                   int64_t n_columns, int64_t leading_dimension) {
    check_blas(lt_.create_layout(&layout, type, static_cast<uint64_t>(n_rows),
                                 static_cast<uint64_t>(n_columns), leading_dimension),
               "cublasLtMatrixLayoutCreate");
  }

  void choose(cublasLtHandle_t handle, size_t workspace_bytes) {
    cublasLtMatmulPreference_t preference = nullptr;
    check_blas(lt_.create_preference(&preference), "cublasLtMatmulPreferenceCreate");
    lt_.set_preference(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes,
                       sizeof workspace_bytes);
    int n_found = 0;
    const cublasStatus_t status = lt_.heuristic(handle, desc_, first_, second_, result_, result_,
                                                preference, 1, &choice_, &n_found);
    lt_.destroy_preference(preference);
    check_blas(n_found == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : status,
               "cublasLtMatmulAlgoGetHeuristic");
  }

  const CublasLt& lt_;
  cublasLtMatmulDesc_t desc_ = nullptr;
  cublasLtMatrixLayout_t first_ = nullptr;
  cublasLtMatrixLayout_t second_ = nullptr;
  cublasLtMatrixLayout_t result_ = nullptr;
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
