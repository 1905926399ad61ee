// SPDX-License-Identifier: Apache-2.0
// Stacks of kernel threads, used again from grid to grid, each above a page that nobody may touch.
#pragma once

#include <boost/context/stack_context.hpp>
#include <vector>

namespace reprotrain::emulated_cuda {

class ThreadStacks {
 public:
  /// Of the process; for the one grid that runs.
  static ThreadStacks& instance();
  ~ThreadStacks();
  boost::context::stack_context take();
  void give_back(boost::context::stack_context stack) { free_.push_back(stack); }
  /// Whether the address lies in the guard page of a stack.
  bool is_guard(const void* address) const;

 private:
  std::vector<boost::context::stack_context> all_;
  std::vector<boost::context::stack_context> free_;
};

}  // namespace reprotrain::emulated_cuda
