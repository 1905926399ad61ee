// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/device_libraries.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/library/cublaslt_gemm.h"

namespace reprotrain::engine {

namespace {

/// "1g.10gb" for a slice of a GPU, whose name ends with "MIG 1g.10gb"; "" for a whole one.
std::string mig_slice(const std::string& device_name) {
  constexpr const char* kMark = " MIG ";
  const size_t at = device_name.rfind(kMark);
  return at == std::string::npos ? ""
                                 : device_name.substr(at + std::char_traits<char>::length(kMark));
}

DeviceKey key_of(const cudaDeviceProp& device) {
  return {{"architecture", std::to_string(device.major) + "." + std::to_string(device.minor)},
          {"multiprocessors", std::to_string(device.multiProcessorCount)},
          {"mig_slice", mig_slice(device.name)},
          {"cuda_runtime", std::to_string(CUDART_VERSION)},
          {"variables", variables_of_libraries()}};
}

/// The part of a device's memory that `n_most` is at most: for work space of libraries.
int64_t at_most_of(const cudaDeviceProp& device, int64_t n_most, int shift) {
  return std::min(n_most, static_cast<int64_t>(device.totalGlobalMem >> shift));
}

/// What cuBLAS asks for on large GPUs, less where memory is short.
int64_t gemm_bytes(const cudaDeviceProp& device) {
  return at_most_of(device, int64_t{32} << 20, 10);
}

/// Some of cuDNN's fast engines copy all images into another order.
int64_t convolution_bytes(const cudaDeviceProp& device, int64_t most_bytes) {
  const int64_t n_bytes = at_most_of(device, int64_t{1} << 30, 5);
  return most_bytes > 0 ? std::min(n_bytes, most_bytes / 4) : n_bytes;
}

}  // namespace

DeviceLibraries::DeviceLibraries(const LibraryRequest& request, const cudaDeviceProp& device,
                                 int64_t most_bytes)
    : book_(request.recorded, request.only_recorded),
      key_(key_of(device)),
      gemm_(kernels::cublaslt_gemm(request.precision, gemm_bytes(device), book_)) {
  key_["cublaslt"] = std::to_string(kernels::cublaslt_version());
  if (!request.convolves) return;
  convolution_.emplace(request.precision, convolution_bytes(device, most_bytes), book_);
  key_["cudnn"] = std::to_string(kernels::cudnn_version());
}

kernels::CudnnConvolution& DeviceLibraries::convolution() {
  if (!convolution_)
    throw std::runtime_error("the device was opened for a model without convolutions");
  return *convolution_;
}

}  // namespace reprotrain::engine
