// SPDX-License-Identifier: Apache-2.0
// CUDA's atomic functions on integers: only one kernel thread runs at a time, so a plain read and
// write are one step; before it the schedule may let others go first.
//
// There are none on floating-point numbers: their order would reach the value.
#pragma once

#include <concepts>

#include "tests/emulated_cuda/thread_services.h"

namespace reprotrain::emulated_cuda {

/// The types that CUDA's integer atomics take.
template <typename T>
concept AtomicInteger =
    std::same_as<T, int> || std::same_as<T, unsigned> || std::same_as<T, unsigned long long>;

template <typename T>
struct NotDeduced {
  using type = T;
};

/// target = change(target) in one step; returns the value before.
template <typename T, typename Change>
T atomic_step(T* target, const Change& change) {
  maybe_yield();
  const T before = *target;
  *target = change(before);
  return before;
}

template <typename T>
T wrapping_sum(T a, T b) {
  using Unsigned = unsigned long long;
  return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}

}  // namespace reprotrain::emulated_cuda

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicAdd(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(
      target, [&](T old) { return reprotrain::emulated_cuda::wrapping_sum(old, value); });
}
float atomicAdd(float* target, float value) = delete;
double atomicAdd(double* target, double value) = delete;

template <reprotrain::emulated_cuda::AtomicInteger T>
requires(sizeof(T) == 4) T
    atomicSub(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target, [&](T old) {
    return static_cast<T>(static_cast<unsigned>(old) - static_cast<unsigned>(value));
  });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicMax(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target,
                                                [&](T old) { return old < value ? value : old; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicMin(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target,
                                                [&](T old) { return value < old ? value : old; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicOr(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target, [&](T old) { return old | value; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicAnd(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target, [&](T old) { return old & value; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicXor(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target, [&](T old) { return old ^ value; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicExch(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(target, [&](T) { return value; });
}

template <reprotrain::emulated_cuda::AtomicInteger T>
T atomicCAS(T* target, typename reprotrain::emulated_cuda::NotDeduced<T>::type compare,
            typename reprotrain::emulated_cuda::NotDeduced<T>::type value) {
  return reprotrain::emulated_cuda::atomic_step(
      target, [&](T old) { return old == compare ? value : old; });
}
