// SPDX-License-Identifier: Apache-2.0
// The end of a product on a CPU: rows of C that hold x get their final values, in place.
//
// Why: a product calls it for a part of C that it has just written, which is still in a cache.
// Determinism: elementwise, so how C is cut never reaches a value.
// See also: epilogue.h.
#pragma once

#include <cstdint>

#include "kernels/base/matrix_view.h"
#include "kernels/base/parallel.h"
#include "kernels/matmul/epilogue.h"
#include "kernels/matmul/region.h"

namespace reprotrain::kernels {

/// Elements of a region that a product should finish at a time: 128 KiB of C, and as much of what
/// the epilogue reads or keeps, in a second-level cache.
inline constexpr int64_t kElementsFinishedAtOnce = 32768;

/// C = f(x) or x * f' for a region of C, which holds x; does nothing for kNone. The epilogue
/// fits C (require_epilogue).
void finish_region(const Epilogue& epilogue, const MatrixView& c, const Region& region);

/// All of C, on any threads: an epilogue as a pass of its own. Throws as require_epilogue does.
void finish_matrix(const Epilogue& epilogue, const MatrixView& c, const Parallel& parallel);

}  // namespace reprotrain::kernels
