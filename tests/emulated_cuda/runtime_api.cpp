// SPDX-License-Identifier: Apache-2.0
#include "tests/emulated_cuda/runtime_api.h"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "tests/emulated_cuda/device_memory.h"
#include "tests/emulated_cuda/grid_run.h"
#include "tests/emulated_cuda/launch.h"
#include "tests/emulated_cuda/runtime_faults.h"
#include "tests/emulated_cuda/schedule.h"

using Work = std::vector<std::function<void()>>;
struct CUstream_st {
  bool is_capturing = false;
  Work captured;
};
struct CUgraph_st {
  Work work;
};
struct CUgraphExec_st {
  Work work;
};
struct CUevent_st {
  bool is_recorded = false;
};

namespace reprotrain::emulated_cuda {
namespace {

constexpr int kMaxThreadsPerBlock = 1024;
constexpr size_t kSharedPerBlock = size_t{48} << 10;
constexpr size_t kSharedPerBlockOptin = size_t{99} << 10;  // the least of the devices with cp.async
constexpr size_t kGlobalBytes = size_t{4} << 30;

std::mutex mutex;
cudaError_t last_error = cudaSuccess;
int n_capturing_streams = 0;
std::map<const void*, size_t> dynamic_shared_limits;

cudaError_t noted(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

/// Does `work` now, or keeps it for the graph that `stream` captures.
void queue(cudaStream_t stream, std::function<void()> work) {
  if (stream != nullptr && stream->is_capturing) {
    stream->captured.push_back(std::move(work));
  } else {
    work();
  }
}

bool is_device(const void* pointer, size_t n_bytes) {
  return DeviceMemory::instance().contains(pointer, n_bytes);
}
bool is_host(const void* pointer, size_t n_bytes) {
  return !DeviceMemory::instance().touches(pointer, n_bytes);
}

bool can_copy(const void* target, const void* source, size_t n_bytes, cudaMemcpyKind kind) {
  if (n_bytes == 0) return true;
  switch (kind) {
    case cudaMemcpyHostToHost:
      return is_host(target, n_bytes) && is_host(source, n_bytes);
    case cudaMemcpyHostToDevice:
      return is_device(target, n_bytes) && is_host(source, n_bytes);
    case cudaMemcpyDeviceToHost:
      return is_host(target, n_bytes) && is_device(source, n_bytes);
    case cudaMemcpyDeviceToDevice:
      return is_device(target, n_bytes) && is_device(source, n_bytes);
    case cudaMemcpyDefault:
      break;
  }
  return (is_host(target, n_bytes) || is_device(target, n_bytes)) &&
         (is_host(source, n_bytes) || is_device(source, n_bytes));
}

size_t dynamic_shared_limit(const void* kernel) {
  const std::lock_guard lock(mutex);
  const auto found = dynamic_shared_limits.find(kernel);
  return found == dynamic_shared_limits.end() ? kSharedPerBlock : found->second;
}

bool is_valid(const cudaLaunchConfig_t& config) {
  const auto between_one_and = [](uint64_t n, uint64_t most) { return n >= 1 && n <= most; };
  const dim3 grid = config.gridDim;
  const dim3 block = config.blockDim;
  return between_one_and(grid.x, 0x7fffffff) && between_one_and(grid.y, 0xffff) &&
         between_one_and(grid.z, 0xffff) && between_one_and(block.z, 64) &&
         between_one_and(uint64_t{block.x} * block.y * block.z, kMaxThreadsPerBlock);
}

}  // namespace

cudaError_t launch_kernel(const cudaLaunchConfig_t& config, const void* kernel,
                          std::function<void()> call) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (!emulated_machine().has_code) return noted(cudaErrorNoKernelImageForDevice);
  if (!is_valid(config)) return noted(cudaErrorInvalidConfiguration);
  if (config.dynamicSmemBytes > dynamic_shared_limit(kernel)) return noted(cudaErrorInvalidValue);
  queue(config.stream,
        [launch = KernelLaunch{kernel, std::move(call), config.gridDim, config.blockDim,
                               config.dynamicSmemBytes}] { run_grid(launch); });
  return cudaSuccess;
}

void queue_library_kernel(cudaStream_t stream, std::function<void()> kernel) {
  queue(stream, [kernel = std::move(kernel)] {
    const OpenDeviceMemory open;
    kernel();
  });
}

}  // namespace reprotrain::emulated_cuda

using namespace reprotrain::emulated_cuda;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevicePointer:
      return "cudaErrorInvalidDevicePointer";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorNoKernelImageForDevice:
      return "cudaErrorNoKernelImageForDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureUnmatched:
      return "cudaErrorStreamCaptureUnmatched";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return noted(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (device != 0) return noted(cudaErrorInvalidDevice);
  *properties = {};
  strcpy(properties->name, "emulated");
  properties->totalGlobalMem = kGlobalBytes;
  properties->sharedMemPerBlock = kSharedPerBlock;
  properties->sharedMemPerBlockOptin = kSharedPerBlockOptin;
  properties->major = emulated_machine().major;
  properties->minor = emulated_machine().minor;
  properties->multiProcessorCount = current_schedule().n_multiprocessors();
  properties->maxThreadsPerBlock = kMaxThreadsPerBlock;
  properties->maxThreadsPerMultiProcessor = 2 * kMaxThreadsPerBlock;
  properties->warpSize = 32;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  cudaDeviceProp properties;
  const cudaError_t error = cudaGetDeviceProperties(&properties, device);
  if (error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = properties.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = int(properties.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = properties.warpSize;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = properties.multiProcessorCount;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = properties.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = properties.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = properties.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = int(properties.sharedMemPerBlockOptin);
      break;
    default:
      return noted(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = emulated_machine().driver_version;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > kSharedPerBlockOptin) {
    return noted(cudaErrorInvalidValue);
  }
  const std::lock_guard lock(mutex);
  dynamic_shared_limits[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, size_t n_bytes) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (n_capturing_streams > 0) return noted(cudaErrorStreamCaptureUnsupported);
  *pointer = DeviceMemory::instance().allocate(n_bytes, current_schedule());
  return noted(*pointer == nullptr && n_bytes > 0 ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaFree(void* pointer) {
  const bool freed = pointer == nullptr || DeviceMemory::instance().release(pointer);
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);  // the device is gone
  return noted(freed ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaMallocAsync(void** pointer, size_t n_bytes, cudaStream_t /*stream*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return cudaMalloc(pointer, n_bytes);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t /*stream*/) { return cudaFree(pointer); }
cudaError_t cudaMallocHost(void** pointer, size_t n_bytes) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *pointer = malloc(n_bytes);
  return noted(*pointer == nullptr && n_bytes > 0 ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaFreeHost(void* pointer) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *free_bytes = *total_bytes = kGlobalBytes;
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t n_bytes, cudaMemcpyKind kind) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (n_capturing_streams > 0) return noted(cudaErrorStreamCaptureUnsupported);
  return cudaMemcpyAsync(target, source, n_bytes, kind, nullptr);
}
cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t n_bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (!can_copy(target, source, n_bytes, kind)) return noted(cudaErrorInvalidValue);
  queue(stream, [=] {
    const OpenDeviceMemory open;
    if (n_bytes > 0) memmove(target, source, n_bytes);
  });
  return cudaSuccess;
}
cudaError_t cudaMemset(void* target, int value, size_t n_bytes) {
  if (n_capturing_streams > 0) return noted(cudaErrorStreamCaptureUnsupported);
  return cudaMemsetAsync(target, value, n_bytes, nullptr);
}
cudaError_t cudaMemsetAsync(void* target, int value, size_t n_bytes, cudaStream_t stream) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (n_bytes > 0 && !is_device(target, n_bytes)) return noted(cudaErrorInvalidValue);
  queue(stream, [=] {
    const OpenDeviceMemory open;
    if (n_bytes > 0) memset(target, value, n_bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *stream = new CUstream_st;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned /*flags*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return cudaStreamCreate(stream);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t /*stream*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return noted(n_capturing_streams > 0 ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode /*mode*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (stream == nullptr || stream->is_capturing) return noted(cudaErrorStreamCaptureUnsupported);
  stream->is_capturing = true;
  ++n_capturing_streams;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || !stream->is_capturing) return noted(cudaErrorStreamCaptureUnmatched);
  stream->is_capturing = false;
  --n_capturing_streams;
  Work captured = std::exchange(stream->captured, {});
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *graph = new CUgraph_st{std::move(captured)};
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t /*stream*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  for (const auto& work : executable->work) work();
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t /*stream*/, cudaEvent_t event, unsigned /*flags*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return noted(event != nullptr ? cudaSuccess : cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned /*flags*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  return cudaEventCreate(event);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t /*stream*/) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  event->is_recorded = true;
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t /*event*/) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (const cudaError_t fault = fault_of_next_call()) return noted(fault);
  if (!begin->is_recorded || !end->is_recorded) return noted(cudaErrorInvalidResourceHandle);
  *milliseconds = 0.0f;
  return cudaSuccess;
}
