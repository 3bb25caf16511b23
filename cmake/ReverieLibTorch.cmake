# Where programs and plugins find LibTorch when they start, in the build tree and in an installation.
#
# An installation has LibTorch under <lib>/reverie/libtorch, laid out like PyTorch's wheel, whose libraries look for
# NVIDIA's relative to themselves: torch/lib, torch/include, nvidia/. The build tree has a link in that place, so that
# the RPATHs of both are the same: relative ones. CMake's own way would be to rewrite them on installation, but the
# padding that it leaves for that ends in an empty entry, which means the working directory.
cmake_path(GET LibTorch_CPU_LIBRARY PARENT_PATH REVERIE_LIBTORCH_FOLDER)
cmake_path(GET LibTorch_INCLUDE_DIR PARENT_PATH prefix)
if(prefix IN_LIST CMAKE_SYSTEM_PREFIX_PATH)
  # The system's own, among everything else that it has.
  set(REVERIE_INSTALL_LIBTORCH OFF)
endif()
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH OFF)
# For what is not installed: tests and tools.
set(CMAKE_INSTALL_RPATH "${REVERIE_LIBTORCH_FOLDER}")

set(REVERIE_INSTALLED_LIBTORCH ${REVERIE_LIBDIR}/reverie/libtorch)
foreach(folder ${REVERIE_INSTALLED_LIBTORCH} lib/reverie/libtorch)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${folder}/torch)
  file(CREATE_LINK ${REVERIE_LIBTORCH_FOLDER} ${CMAKE_BINARY_DIR}/${folder}/torch/lib SYMBOLIC)
endforeach()

# reverie_installs_to(<target> <folder>)
#
# Gives a program or library that is installed to <folder>, below the prefix, its RPATH.
function(reverie_installs_to target folder)
  file(RELATIVE_PATH up "/${folder}" "/${REVERIE_INSTALLED_LIBTORCH}/torch/lib")
  set(rpath "$ORIGIN/${up}")
  if(NOT REVERIE_INSTALL_LIBTORCH)
    list(APPEND rpath "${REVERIE_LIBTORCH_FOLDER}")
  endif()
  set_target_properties(${target} PROPERTIES INSTALL_RPATH_USE_LINK_PATH OFF INSTALL_RPATH "${rpath}")
endfunction()

if(REVERIE_INSTALL_LIBTORCH)
  # Plugins are compiled against the headers. What is left out serves PyTorch's Python.
  install(DIRECTORY ${LibTorch_INCLUDE_DIR} DESTINATION ${REVERIE_INSTALLED_LIBTORCH}/torch COMPONENT development)
  install(DIRECTORY ${REVERIE_LIBTORCH_FOLDER}/ DESTINATION ${REVERIE_INSTALLED_LIBTORCH}/torch/lib
    USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.so*" PATTERN "libshm*" EXCLUDE PATTERN "libtorch_python*" EXCLUDE)
  cmake_path(GET prefix PARENT_PATH beside)
  if(IS_DIRECTORY ${beside}/nvidia)
    install(DIRECTORY ${beside}/nvidia DESTINATION ${REVERIE_INSTALLED_LIBTORCH}
      USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.so*")
  endif()
  # Where tools/setup.sh puts their licences, without which nobody may pass the libraries on.
  if(NOT IS_DIRECTORY ${beside}/licences)
    message(WARNING "The licences of LibTorch are not in ${beside}/licences, so installations and packages lack them. "
      "If tools/setup.sh put LibTorch there, delete ${beside} and run it again.")
  endif()
  install(DIRECTORY ${beside}/licences/ DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/reverie/libtorch OPTIONAL)
endif()
