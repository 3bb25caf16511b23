# reverie_add_kernels(<target> <file>)
#
# Adds <file> to <target>, compiled once for each instruction set of the processor's architecture that
# reverie/cpu.h distinguishes, with REVERIE_ISA naming it. See reverie/simd.h for what such a file may include.
function(reverie_add_kernels target file)
  set(isas baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isas avx2 avx512)
  endif()
  set(avx2 -march=x86-64-v3)
  # GCC would keep to 256 bits, out of consideration for processors that slow down.
  set(avx512 -march=x86-64-v4 -mprefer-vector-width=512)
  foreach(isa IN LISTS isas)
    add_library(${target}_${isa} OBJECT ${file})
    target_compile_features(${target}_${isa} PRIVATE cxx_std_20)
    target_compile_definitions(${target}_${isa} PRIVATE REVERIE_ISA=${isa})
    target_compile_options(${target}_${isa} PRIVATE -O3 -fno-math-errno -fno-trapping-math ${${isa}})
    target_include_directories(${target}_${isa} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    set_target_properties(${target}_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${isa}>)
  endforeach()
endfunction()
