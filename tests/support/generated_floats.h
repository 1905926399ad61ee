// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/conformance/test_values.h"

namespace reprotrain::testing {

using kernels::generated_floats;

}  // namespace reprotrain::testing
