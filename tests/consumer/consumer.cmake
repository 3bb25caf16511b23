# Run by CTest; see CMakeLists.txt. Any step that fails ends the test with what it said.

cmake_minimum_required(VERSION 3.25)

function(fail)
  list(JOIN ARGN "" message)
  message(FATAL_ERROR "${message}")
endfunction()

# run(<result variable> <command>...) must succeed, and gives what it printed.
function(run result)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${SCRATCH}/runs"
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  list(JOIN ARGN " " command)
  message(STATUS "${command}")
  if(NOT status EQUAL 0)
    fail("exit status ${status}:\n" "${output}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

function(expect text words)
  string(FIND "${text}" "${words}" place)
  if(place EQUAL -1)
    fail("'${words}' is not in:\n" "${text}")
  endif()
endfunction()

# Nothing of the tests' surroundings may help.
unset(ENV{REVERIE_PLUGIN_PATH})
unset(ENV{LD_LIBRARY_PATH})
unset(ENV{CMAKE_PREFIX_PATH})
file(REMOVE_RECURSE "${SCRATCH}")
file(MAKE_DIRECTORY "${SCRATCH}/runs")

# Install, then move: nothing in the installation may remember where it was put first, or what it was built from.
run(ignored ${CMAKE_COMMAND} --install ${BUILD} --prefix "${SCRATCH}/first" --config "${CONFIGURATION}")
file(RENAME "${SCRATCH}/first" "${SCRATCH}/moved")
set(prefix "${SCRATCH}/moved")
set(library_folder "${prefix}/${LIBDIR}/reverie")
set(reverie "${prefix}/bin/reverie")
foreach(part bin/reverie libexec/reverie/reverie-conformance ${LIBDIR}/reverie/plugins/image_models/unlimited_palette.so
    ${LIBDIR}/reverie/plugins/perceptors/clip.so
    ${LIBDIR}/reverie/plugins/frame_sources/ffmpeg.so ${LIBDIR}/reverie/plugins/sound_sources/ffmpeg_sound.so
    ${LIBDIR}/reverie/plugins/io/png_sequence.so include/reverie/plugin.h ${LIBDIR}/cmake/Reverie/ReverieConfig.cmake
    ${LIBDIR}/cmake/Reverie/ReverieConfigVersion.cmake ${LIBDIR}/cmake/Reverie/ReverieTargets.cmake
    ${LIBDIR}/cmake/Reverie/ReverieAddPlugin.cmake ${LIBDIR}/cmake/Reverie/FindLibTorch.cmake
    share/doc/reverie/LICENSE share/doc/reverie/NOTICE share/doc/reverie/copyright share/doc/reverie/README.md
    share/doc/reverie/docs/tutorial.md share/doc/reverie/examples/first_light.yaml
    share/reverie/templates/common/CMakeLists.txt share/reverie/templates/losses/template_name.cpp)
  if(NOT EXISTS "${prefix}/${part}")
    fail("the installation has no ${part}")
  endif()
endforeach()
file(GLOB models "${prefix}/share/reverie/models/*.safetensors")
if(NOT models)
  fail("the installation has no models")
endif()
# Test fixtures stay out of it, and so do the host's static libraries.
file(GLOB_RECURSE installed LIST_DIRECTORIES false RELATIVE "${prefix}" "${prefix}/*")
foreach(file IN LISTS installed)
  if(file MATCHES "/libtorch/|^share/doc/")
    continue()
  endif()
  if(file MATCHES "\\.a$|other_libtorch|soft_grid|warm_colours|lion|gtest")
    fail("${file} should not be installed")
  endif()
  if(file MATCHES "\\.cmake$")
    file(READ "${prefix}/${file}" text)
    foreach(folder "${SCRATCH}" "${SOURCE}")
      string(FIND "${text}" "${folder}" place)
      if(INSTALLS_LIBTORCH AND NOT place EQUAL -1)
        fail("${file} remembers ${folder}")
      endif()
    endforeach()
  endif()
endforeach()
if(INSTALLS_LIBTORCH)
  run(said "${PYTHON}" "${SOURCE}/tests/consumer/self_contained.py" "${prefix}" "${SOURCE}" "${BUILD}" "${LIBTORCH_FOLDER}")
  message(STATUS "${said}")
endif()
file(SHA256 "${reverie}" before)

# Build the example. The sanitizers' flags are the one thing that a host built with them asks of its plugins.
set(compiler "-DCMAKE_CXX_COMPILER=${COMPILER}")
if(CCACHE)
  set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${CCACHE}")
endif()
if(SANITIZE)
  list(APPEND compiler "-DCMAKE_CXX_FLAGS=-fsanitize=address,undefined")
endif()
run(said ${CMAKE_COMMAND} -S ${SOURCE}/examples/plugins -B "${SCRATCH}/build" -G ${GENERATOR}
  "-DCMAKE_PREFIX_PATH=${prefix}" ${compiler})
expect("${said}" "found suitable exact version \"${LIBTORCH}\"")
if(INSTALLS_LIBTORCH)
  expect("${said}" "Found LibTorch: ${library_folder}/libtorch/torch/lib/libtorch_cpu.so")
endif()
run(ignored ${CMAKE_COMMAND} --build "${SCRATCH}/build")
set(plugins "${SCRATCH}/build/lib/reverie/plugins")

# The installed program finds it by name, and its setting with it.
run(said "${reverie}" --plugin-path "${plugins}" plugins list)
expect("${said}" "${plugins}/image_models/soft_grid.so")
expect("${said}" "${library_folder}/plugins/image_models/unlimited_palette.so")
if(said MATCHES "REJECTED")
  fail("a plugin was rejected:\n" "${said}")
endif()
if(said MATCHES "warning: (compiler|one of plugin)" AND CONFIGURATION STREQUAL "Release")
  fail("the plugin was built otherwise than the host:\n" "${said}")
endif()
run(said "${reverie}" --plugin-path "${plugins}" plugins describe soft_grid)
expect("${said}" "cell = 8")

# The installed conformance suite finds nothing wrong with them.
foreach(plugin image_models/soft_grid losses/warm_colours optimisers/lion depth_estimators/lower_is_nearer)
  run(said "${reverie}" plugins test "${plugins}/${plugin}.so")
  expect("${said}" "${plugin} 1.0")
  expect("${said}" "PASSED")
endforeach()

# It renders, from a settings file, without the host having been touched.
file(WRITE "${SCRATCH}/runs/consumer.yaml" [[
scenes: a red heart
image_model: soft_grid
cell: 4
width: 48
height: 32
steps_per_scene: 2
save_every: 2
cutouts: 2
seed: 1
file_namespace: consumer
]])
run(said "${reverie}" --plugin-path "${plugins}" render consumer.yaml)
set(picture "${SCRATCH}/runs/images_out/consumer/consumer_1.png")
if(NOT EXISTS "${picture}")
  fail("no picture was made:\n" "${said}")
endif()
file(READ "${picture}" bytes HEX)
if(NOT bytes MATCHES "^89504e470d0a1a0a0000000d494844520000003000000020")
  fail("${picture} is not a PNG of 48x32 pixels")
endif()

# A settings file chooses its depth estimator, and the picture moves by those depths: row by row.
file(WRITE "${SCRATCH}/runs/parallax.yaml" [[
scenes: a red heart
init_image: stripes.png
animation_mode: 3D
depth_model: lower_is_nearer
translate_x: 2
lock_camera: false
near_plane: 10
far_plane: 100
width: 64
height: 32
pre_animation_steps: 1
steps_per_frame: 1
steps_per_scene: 2
save_every: 1
learning_rate: 0.000001
png_bits: 16
cutouts: 2
seed: 1
file_namespace: parallax
]])
set(parallax "${PYTHON}" "${SOURCE}/tests/consumer/parallax.py")
run(ignored ${parallax} make stripes.png)
run(said "${reverie}" --plugin-path "${plugins}" render parallax.yaml)
run(said ${parallax} check images_out/parallax/parallax_1.png images_out/parallax/parallax_2.png)
message(STATUS "${said}")

# A settings file adds its loss and takes its optimiser: no prompt counts, and the picture becomes warmer by as
# much as the loss asks for.
file(WRITE "${SCRATCH}/runs/warm.yaml" [[
scenes: a red heart:0
losses:
- {name: warm_colours, weight: 2, warmth: 0.3}
optimiser: lion
lion_beta1: 0.8
learning_rate: 0.02
smoothing_weight: 0
width: 32
height: 24
steps_per_scene: 150
save_every: 150
cutouts: 2
seed: 1
file_namespace: warm
]])
run(said "${reverie}" --plugin-path "${plugins}" render warm.yaml)
run(said "${PYTHON}" "${SOURCE}/tests/consumer/warmth.py" images_out/warm/warm_1.png 0.3)
message(STATUS "${said}")

file(SHA256 "${reverie}" after)
if(NOT before STREQUAL after)
  fail("the host was changed")
endif()

# An author without an example: the installed program writes plugins that build, keep every promise and do
# something in a run, and says which commands that takes.
foreach(kind image_models losses io perceptors)
  set(name "first_${kind}")
  run(said "${reverie}" plugins new ${kind} ${name})
  expect("${said}" "cmake -S ${name} -B ${name}/build -DCMAKE_PREFIX_PATH=")
  expect("${said}" "cmake --build ${name}/build\n")
  expect("${said}" "/bin/reverie plugins test ${name}/build/lib/reverie/plugins/${kind}/${name}.so\n")
  run(ignored ${CMAKE_COMMAND} -S ${name} -B ${name}/build -G ${GENERATOR} "-DCMAKE_PREFIX_PATH=${prefix}" ${compiler})
  run(ignored ${CMAKE_COMMAND} --build ${name}/build)
  run(said "${reverie}" plugins test ${name}/build/lib/reverie/plugins/${kind}/${name}.so)
  expect("${said}" "PASSED")
  run(said "${reverie}" --plugin-path ${name}/build/lib/reverie/plugins render ${name}/try.yaml)
  file(GLOB pictures "${SCRATCH}/runs/images_out/${name}/${name}_*.p[np][gm]")
  if(NOT pictures)
    fail("the run with ${name} made no picture:\n" "${said}")
  endif()
endforeach()
# The test that comes with a plugin is what the command above has run.
run(ignored ctest --test-dir first_losses/build)

# Installed into the same prefix, it needs no --plugin-path.
run(ignored ${CMAKE_COMMAND} --install "${SCRATCH}/build" --prefix "${prefix}")
run(said "${reverie}" plugins describe "Soft Grid")
expect("${said}" "${library_folder}/plugins/image_models/soft_grid.so")

# Another LibTorch is refused when the author configures, not when an artist renders.
set(other "${SCRATCH}/other libtorch")
file(WRITE "${other}/include/ATen/ATen.h" "")
file(WRITE "${other}/include/torch/csrc/api/include/torch/version.h"
  "#define TORCH_VERSION_MAJOR 1\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 1\n")
file(WRITE "${other}/lib/libtorch_cpu.so" "")
file(WRITE "${other}/lib/libc10.so" "")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/examples/plugins -B "${SCRATCH}/refused" -G ${GENERATOR}
    "-DCMAKE_PREFIX_PATH=${prefix};${other}" ${compiler}
  WORKING_DIRECTORY "${SCRATCH}/runs" RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(status EQUAL 0)
  fail("another LibTorch was accepted:\n" "${said}")
endif()
string(REGEX REPLACE "[ \n]+" " " said "${said}")
expect("${said}" "1.13.1")
expect("${said}" "unpacked LibTorch ${LIBTORCH}: plugin and host share one")

# 0.5 GB of LibTorch.
file(REMOVE_RECURSE "${SCRATCH}")
