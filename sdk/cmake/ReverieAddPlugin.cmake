# reverie_plugin_kinds(<kinds> <interfaces>)
#
# Sets two lists: the folders of kinds, and the interfaces, as reverie/kinds.h has them.
function(reverie_plugin_kinds kinds interfaces)
  # In the source tree and in an installation, whose lib may be lib/x86_64-linux-gnu.
  foreach(include ../include ../../../include ../../../../include)
    set(header "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${include}/reverie/kinds.h")
    if(EXISTS "${header}")
      break()
    endif()
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  file(READ "${header}" text)
  string(REGEX MATCHALL "\n +each\\([a-z_]+, [A-Za-z]+" rows "${text}")
  set(folders ${rows})
  list(TRANSFORM folders REPLACE ".*\\((.*), .*" "\\1")
  list(TRANSFORM rows REPLACE ".*, " "")
  set(${kinds} ${folders} PARENT_SCOPE)
  set(${interfaces} ${rows} PARENT_SCOPE)
endfunction()

# reverie_add_plugin(<name> KIND <kind> SOURCES <file>... [LIBRARIES <target>...]
#                    [OUTPUT <folder>] [NO_INSTALL])
#
# Builds the plugin <name>.so into <build>/lib/reverie/plugins/<kind>/, or OUTPUT, and installs it to the like
# place, unless NO_INSTALL.
# <kind> is the folder of its interface, such as image_models; reverie/kinds.h lists them. <name> must be the
# name that REVERIE_EXPORT_PLUGIN declares. The target is called plugin_<name>.
function(reverie_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "KIND;OUTPUT" "SOURCES;LIBRARIES")
  reverie_plugin_kinds(kinds ignored)
  if(NOT arg_KIND IN_LIST kinds)
    list(JOIN kinds ", " words)
    message(FATAL_ERROR "reverie_add_plugin(${name}): KIND must be one of ${words}, not '${arg_KIND}'")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "reverie_add_plugin(${name}): SOURCES is missing")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "reverie_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT "${CMAKE_BINARY_DIR}/lib/reverie/plugins/${arg_KIND}")
  endif()
  set(target "plugin_${name}")
  add_library(${target} MODULE ${arg_SOURCES})
  # The RPATH is the same in the build tree and installed, and names only folders of libraries that the plugin
  # links: what CMake would otherwise pad it with makes the loader search the working directory.
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME "${name}" PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY "${arg_OUTPUT}"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON DEFINE_SYMBOL ""
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH_USE_LINK_PATH ON INSTALL_RPATH "")
  target_link_libraries(${target} PRIVATE Reverie::sdk ${arg_LIBRARIES})
  # A function that is declared but nowhere defined is an error here rather than when the host loads the plugin.
  target_link_options(${target} PRIVATE "LINKER:-z,defs")
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION "${REVERIE_LIBDIR}/reverie/plugins/${arg_KIND}")
  endif()
endfunction()
