// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/cublas_peer.h"

#include <cublas_v2.h>
#include <dlfcn.h>

#include <stdexcept>

namespace reprotrain::bench {

namespace {

void check_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(call) + " failed with status " +
                           std::to_string(static_cast<int>(status)));
}

template <typename Function>
Function find(void* library, const char* name) {
  const auto function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(std::string("cuBLAS has no ") + name);
  return function;
}

/// What we call has been the same since CUDA 11, and PyTorch may bring another one than the toolkit's.
void* open_library() {
  std::string reason;
  for (const int version : {CUBLAS_VER_MAJOR, 13, 12, 11}) {
    const std::string name = "libcublas.so." + std::to_string(version);
    if (void* library = dlopen(name.c_str(), RTLD_NOW)) return library;
    if (reason.empty()) reason = name + " cannot be loaded: " + dlerror();
  }
  throw std::runtime_error(reason);
}

}  // namespace

struct CublasPeer::Library {
  void* handle = open_library();
  // The names that the header's macros stand for are those with _v2.
  decltype(&cublasCreate_v2) create = find<decltype(create)>(handle, "cublasCreate_v2");
  decltype(&cublasDestroy_v2) destroy = find<decltype(destroy)>(handle, "cublasDestroy_v2");
  decltype(&cublasSetStream_v2) set_stream =
      find<decltype(set_stream)>(handle, "cublasSetStream_v2");
  decltype(&cublasSetMathMode) set_mode = find<decltype(set_mode)>(handle, "cublasSetMathMode");
  decltype(&cublasGetVersion_v2) version = find<decltype(version)>(handle, "cublasGetVersion_v2");
  decltype(&cublasSgemm_v2) sgemm = find<decltype(sgemm)>(handle, "cublasSgemm_v2");
  cublasHandle_t blas = nullptr;
};

CublasPeer::CublasPeer() : library_(std::make_unique<Library>()) {
  check_blas(library_->create(&library_->blas), "cublasCreate");
}

CublasPeer::~CublasPeer() { library_->destroy(library_->blas); }

void CublasPeer::multiply(const kernels::MatrixProduct& product, Precision precision,
                          cudaStream_t stream) {
  const cublasMath_t mode =
      precision == Precision::kTf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_PEDANTIC_MATH;
  check_blas(library_->set_mode(library_->blas, mode), "cublasSetMathMode");
  check_blas(library_->set_stream(library_->blas, stream), "cublasSetStream");
  const float one = 1.0f;
  const float zero = 0.0f;
  // Row-major C = A B is column-major C^T = B^T A^T.
  check_blas(library_->sgemm(library_->blas, product.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                             product.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N,
                             static_cast<int>(product.c.n_columns),
                             static_cast<int>(product.c.n_rows), static_cast<int>(product.depth()),
                             &one, product.b.data, static_cast<int>(product.b.row_stride),
                             product.a.data, static_cast<int>(product.a.row_stride), &zero,
                             product.c.data, static_cast<int>(product.c.row_stride)),
             "cublasSgemm");
}

std::string CublasPeer::version() const {
  int version = 0;
  check_blas(library_->version(library_->blas, &version), "cublasGetVersion");
  return std::to_string(version);
}

}  // namespace reprotrain::bench
