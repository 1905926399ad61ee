# SPDX-License-Identifier: Apache-2.0
# Cross compilation for aarch64 on Debian; what is built, tests among it, runs under qemu-user.
#
#   cmake -S . -B build/aarch64 -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake
#
# The compiler's own libraries are enough for -DREPROTRAIN_CONFORMANCE_ONLY=ON. The rest needs REPROTRAIN_SYSROOT, the
# absolute path of the folder that scripts/make_aarch64_sysroot.sh makes.
set(REPROTRAIN_SYSROOT "" CACHE PATH "Folder with the aarch64 libraries; empty for those of the cross compiler")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES REPROTRAIN_SYSROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

if(REPROTRAIN_SYSROOT)
  set(CMAKE_SYSROOT ${REPROTRAIN_SYSROOT})
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max -L ${REPROTRAIN_SYSROOT})
  # The compiler wrapper h5cc, which FindHDF5 would ask, is that of this machine.
  set(HDF5_C_COMPILER_EXECUTABLE "" CACHE FILEPATH "Not to be asked")
  set(HDF5_ROOT ${REPROTRAIN_SYSROOT}/usr/lib/aarch64-linux-gnu/hdf5/serial CACHE PATH "Folder with the HDF5 libraries")
else()
  set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu)
endif()
