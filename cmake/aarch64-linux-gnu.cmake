# SPDX-License-Identifier: Apache-2.0
# Cross compilation for aarch64 on Debian; built programs, tests among them, run under qemu-user.
#
#   scripts/make_aarch64_sysroot.sh
#   cmake -S . -B build/aarch64 -G Ninja --toolchain cmake/aarch64-linux-gnu.cmake
#
# REPROTRAIN_SYSROOT: the folder with the aarch64 libraries (default build/aarch64-sysroot).
get_filename_component(source_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(REPROTRAIN_SYSROOT ${source_root}/build/aarch64-sysroot CACHE PATH "Folder with the aarch64 libraries")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES REPROTRAIN_SYSROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT ${REPROTRAIN_SYSROOT})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -cpu max -L ${REPROTRAIN_SYSROOT})

# The compiler wrapper h5cc that FindHDF5 would ask is that of this machine.
set(HDF5_C_COMPILER_EXECUTABLE "" CACHE FILEPATH "not asked")
set(HDF5_ROOT ${REPROTRAIN_SYSROOT}/usr/lib/aarch64-linux-gnu/hdf5/serial CACHE PATH "Folder with the HDF5 libraries")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
