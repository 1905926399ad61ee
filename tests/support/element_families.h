// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/conformance/test_values.h"

namespace reprotrain::testing {

using kernels::element;
using kernels::mixed_word;

}  // namespace reprotrain::testing
