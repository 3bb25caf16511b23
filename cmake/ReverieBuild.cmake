# Build settings of the project itself. Plugin authors need none of this: see sdk/cmake.

add_compile_options(-Wall -Wextra)
if(REVERIE_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  # GCC 12 sees overflows in std::string's own code in C++20 (GCC bugs 105329, 105651), and GCC 14 in std::vector's.
  add_compile_options(-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()

if(REVERIE_SANITIZE)
  # What is found ends the program, or no test would fail.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses to cache files that use a precompiled header. The other two let a clone in
  # another folder use what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
    "CCACHE_NOHASHDIR=1;${CCACHE}")
endif()

# Everything that uses LibTorch shares one precompiled header: parsing LibTorch's headers costs 5 to 15 s a file.
function(reverie_use_torch target)
  target_link_libraries(${target} PRIVATE LibTorch::LibTorch)
  if(NOT TARGET reverie_torch_pch)
    # file(CONFIGURE) leaves an equal file alone: a newer one would compile the header again after each configuration.
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/torch_pch.cpp CONTENT "")
    add_library(reverie_torch_pch OBJECT ${CMAKE_BINARY_DIR}/torch_pch.cpp)
    target_link_libraries(reverie_torch_pch PRIVATE LibTorch::LibTorch)
    set_target_properties(reverie_torch_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(reverie_torch_pch PRIVATE -fPIC -fpch-preprocess)
    target_precompile_headers(reverie_torch_pch PRIVATE <ATen/ATen.h> <string> <vector> <memory> <filesystem>)
  endif()
  # Executables must be compiled like libraries (-fPIC, not -fPIE) to share the header.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC -fpch-preprocess)
  target_precompile_headers(${target} REUSE_FROM reverie_torch_pch)
endfunction()
