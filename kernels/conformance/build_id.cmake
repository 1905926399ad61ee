# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=... -DOUTPUT=... -DIDENTITY=TEXT -DSOURCES=a;b -P build_id.cmake: one SHA-256 over all of it.
foreach(source IN LISTS SOURCES)
  file(SHA256 "${source}" digest)
  string(APPEND IDENTITY " ${digest}")
endforeach()
string(SHA256 REPROTRAIN_KERNELS_BUILD_ID "${IDENTITY}")
configure_file("${INPUT}" "${OUTPUT}" @ONLY)
