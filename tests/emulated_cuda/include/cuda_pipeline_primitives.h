// SPDX-License-Identifier: Apache-2.0
// Stands in for CUDA's header of this name where kernels are run without a GPU.
//
// A copy poisons its target at once and arrives at a moment of the schedule's choice, at the
// latest in the wait for its group.
#pragma once

#include "tests/emulated_cuda/thread_services.h"

inline void __pipeline_memcpy_async(void* shared_target, const void* global_source,
                                    size_t size_and_align, size_t n_zeros = 0) {
  reprotrain::emulated_cuda::start_async_copy(shared_target, global_source, size_and_align,
                                              n_zeros);
}
inline void __pipeline_commit() { reprotrain::emulated_cuda::commit_async_copies(); }
inline void __pipeline_wait_prior(size_t n_pending) {
  reprotrain::emulated_cuda::wait_for_async_copies(n_pending);
}
