# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, and the tarball of `cpack`: a tree that can be moved anywhere and needs nothing of
# the machine but its C library.
#
#   bin/reprotrain, bin/reprotrain_conformance
#   lib/reprotrain/      the CUDA module, and every shared library that the programs need but those of glibc
#   share/reprotrain/    examples with their known result ids, documentation, licence, the check of a GPU machine
set(private_libraries lib/reprotrain)
set(shared_files share/reprotrain)

# The old kind of run path: it also holds for the libraries that our libraries need, and no LD_LIBRARY_PATH changes
# which ones are loaded.
set(programs reprotrain reprotrain_conformance)
set_target_properties(${programs} PROPERTIES INSTALL_RPATH "\$ORIGIN/../${private_libraries}")
foreach(program ${programs})
  target_link_options(${program} PRIVATE -Wl,--disable-new-dtags)
endforeach()

install(TARGETS ${programs} RUNTIME_DEPENDENCY_SET libraries RUNTIME DESTINATION bin)
if(TARGET reprotrain_cuda)
  set_target_properties(reprotrain_cuda PROPERTIES INSTALL_RPATH "\$ORIGIN")
  install(TARGETS reprotrain_cuda RUNTIME_DEPENDENCY_SET libraries LIBRARY DESTINATION ${private_libraries})
endif()
install(RUNTIME_DEPENDENCY_SET libraries
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|dl|m|pthread|resolv|rt)\\.so"
  LIBRARY DESTINATION ${private_libraries})
install(DIRECTORY configs DESTINATION ${shared_files})
install(DIRECTORY docs DESTINATION ${shared_files} PATTERN adr EXCLUDE)
install(FILES tests/golden/examples.kat DESTINATION ${shared_files})
install(PROGRAMS scripts/gpu-check.sh scripts/gpu_check.py DESTINATION ${shared_files}/scripts)
install(FILES scripts/gpu_check_report.py DESTINATION ${shared_files}/scripts)
install(FILES LICENSE README.md THIRD_PARTY.md CHANGELOG.md DESTINATION ${shared_files})

set(CPACK_GENERATOR TXZ)
set(CPACK_PACKAGE_FILE_NAME "reprotrain-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
if(REPROTRAIN_CUDA)
  string(APPEND CPACK_PACKAGE_FILE_NAME "-cuda${CUDAToolkit_VERSION_MAJOR}")
endif()
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
