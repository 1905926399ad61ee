// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM become a question that training asks after every step.
#pragma once

namespace reprotrain::harness {

/// A reader that goes away and a file-size limit become error sentences instead of a silent death.
void ignore_write_signals();

/// Installs the handlers. The first signal asks the run to stop at the next step; a second one ends the
/// process at once (exit code 130), which a run directory survives as it survives kill -9.
void install_interrupt_handlers();

bool interrupt_requested() noexcept;

}  // namespace reprotrain::harness
