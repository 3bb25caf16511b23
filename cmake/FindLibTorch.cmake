# Finds LibTorch wherever its files lie: a PyTorch wheel, a LibTorch zip, or a system package.
#
# PyTorch's own TorchConfig.cmake insists on a CUDA toolkit when the wheel was built for CUDA, even on
# machines without an NVIDIA card. This module needs only the headers, libtorch_cpu and libc10, and adds
# libtorch_cuda when it lies beside them.
#
# Set CMAKE_PREFIX_PATH (or LibTorch_ROOT) to the folder that holds include/ and lib/.
# Result: imported target LibTorch::LibTorch, LibTorch_VERSION, LibTorch_CUDA (TRUE or FALSE).

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATH_SUFFIXES torch/include)
find_library(LibTorch_CPU_LIBRARY torch_cpu PATH_SUFFIXES torch/lib)
find_library(LibTorch_C10_LIBRARY c10 PATH_SUFFIXES torch/lib)
find_library(LibTorch_CUDA_LIBRARY torch_cuda PATH_SUFFIXES torch/lib)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_CUDA_LIBRARY)

if(LibTorch_INCLUDE_DIR)
  # Newer versions say which they are in a header that older ones do not have.
  foreach(_header torch/csrc/api/include/torch/version.h torch/headeronly/version.h)
    if(NOT LibTorch_VERSION AND EXISTS "${LibTorch_INCLUDE_DIR}/${_header}")
      file(STRINGS "${LibTorch_INCLUDE_DIR}/${_header}" _lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX REPLACE "[^0-9;]" "" LibTorch_VERSION "${_lines}")
      string(REPLACE ";" "." LibTorch_VERSION "${LibTorch_VERSION}")
    endif()
  endforeach()
endif()

if(LibTorch_FIND_VERSION_EXACT)
  set(_advice "set CMAKE_PREFIX_PATH to an unpacked LibTorch ${LibTorch_FIND_VERSION}: plugin and host share one")
else()
  set(_advice "set CMAKE_PREFIX_PATH to an unpacked LibTorch 2.7 or newer, or run ./reverie, which installs one")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "${_advice}")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  if(LibTorch_CUDA_LIBRARY)
    set(LibTorch_CUDA TRUE)
  else()
    set(LibTorch_CUDA FALSE)
  endif()
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  target_link_libraries(LibTorch::LibTorch INTERFACE "${LibTorch_CPU_LIBRARY}" "${LibTorch_C10_LIBRARY}")
  # libtorch_cpu of a CUDA wheel refers to CUDA's runtime, which lies in the wheel's companions and is found
  # through libtorch_cpu's own RPATH when the program starts; the linker need not see it.
  target_link_options(LibTorch::LibTorch INTERFACE "LINKER:--allow-shlib-undefined")
  if(LibTorch_CUDA)
    # Nothing refers to libtorch_cuda by symbol: it registers its kernels when it is loaded.
    target_link_options(LibTorch::LibTorch INTERFACE
      "LINKER:--no-as-needed,${LibTorch_CUDA_LIBRARY},--as-needed")
  endif()
endif()
