// SPDX-License-Identifier: Apache-2.0
// One CUDA thread: a fiber, and what it waits for.
#pragma once

#include <boost/context/fiber.hpp>
#include <csetjmp>
#include <cstdint>

#include "tests/emulated_cuda/async_copies.h"
#include "tests/emulated_cuda/thread_services.h"

namespace reprotrain::emulated_cuda {

enum class Waiting : uint8_t { kNothing, kBarrier, kWarp, kEnded };

struct KernelThread {
  boost::context::fiber fiber;
  Waiting waiting = Waiting::kNothing;
  Site site{};        ///< of the barrier or the collective
  uint32_t mask = 0;  ///< of the collective, like the rest
  WarpCollective collective = nullptr;
  const void* input = nullptr;
  void* output = nullptr;
  uint32_t n_yield_points = 0;
  sigjmp_buf* escape = nullptr;  ///< where a processor fault goes
  AsyncCopies copies;

  bool meets(const KernelThread& other) const {
    return waiting == other.waiting && mask == other.mask && collective == other.collective &&
           site == other.site;
  }
};

}  // namespace reprotrain::emulated_cuda
