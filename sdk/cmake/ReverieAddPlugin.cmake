# reverie_add_plugin(<name> KIND <kind> SOURCES <file>... [LIBRARIES <target>...])
#
# Builds the plugin <name>.so into <build>/lib/reverie/plugins/<kind>/ and installs it to the like place.
# <kind> is the folder of its interface: image_models, perceptors, animation, depth_estimators, flow_estimators,
# audio, losses, frame_sources or io. <name> must be the name that REVERIE_EXPORT_PLUGIN declares.
function(reverie_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "KIND;OUTPUT" "SOURCES;LIBRARIES")
  set(kinds image_models perceptors animation depth_estimators flow_estimators audio losses frame_sources io)
  if(NOT arg_KIND IN_LIST kinds)
    message(FATAL_ERROR "reverie_add_plugin(${name}): KIND must be one of ${kinds}, not '${arg_KIND}'")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "reverie_add_plugin(${name}): SOURCES is missing")
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT "${CMAKE_BINARY_DIR}/lib/reverie/plugins/${arg_KIND}")
  endif()
  set(target "plugin_${name}")
  add_library(${target} MODULE ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME "${name}" PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT}"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON DEFINE_SYMBOL "")
  target_link_libraries(${target} PRIVATE Reverie::sdk LibTorch::LibTorch ${arg_LIBRARIES})
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION "lib/reverie/plugins/${arg_KIND}")
  endif()
endfunction()
