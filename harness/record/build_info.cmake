# SPDX-License-Identifier: Apache-2.0
# Runs at every build: writes OUTPUT from INPUT with the commit of SOURCE_DIR, and only when it changed.
set(COMMIT "")
find_program(GIT git)
if(GIT)
  execute_process(
    COMMAND ${GIT} --no-optional-locks -C ${SOURCE_DIR} describe --always --dirty --abbrev=40 --exclude=*
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
string(STRIP "${FLAGS}" FLAGS)
configure_file(${INPUT} ${OUTPUT} @ONLY)
