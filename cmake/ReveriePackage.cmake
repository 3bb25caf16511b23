# `cpack` in the build folder makes two Debian packages of the installation: reverie, with LibTorch, and reverie-dev, with
# what plugins are built against. They are for the release of Debian or Ubuntu that they are made on.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME reverie)
set(CPACK_PACKAGE_VENDOR "The Reverie authors")
# Who publishes a package signs it as Debian's own tools do: by DEBFULLNAME and DEBEMAIL.
set(CPACK_PACKAGE_CONTACT "The Reverie authors")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # else it goes before that of each package
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd) # of 500 MB, xz would take minutes
set(CPACK_THREADS 0)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS # whatever the umask is
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program development)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME reverie)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
  "pictures and animations from text prompts, by gradient descent through CLIP
Reverie starts from noise and changes every pixel, step by step, until CLIP finds the words of a prompt in the picture.
It reads the settings files of PyTTI, and everything in a step is a plugin. LibTorch is part of this package.")
# What the libraries need, by the packages that have them on the system that builds the package.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
file(GLOB nvidia ${REVERIE_LIBTORCH_FOLDER}/../../nvidia/*/lib)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${REVERIE_LIBTORCH_FOLDER} ${nvidia})
# For downloads of models; the ffmpeg program is of use beside videos.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "ffmpeg, reverie-dev")

# LibTorch's 9,500 headers are of no use to those who make pictures, and to look for the libraries that they need would start
# file(1) for each.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME reverie-dev)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "headers and CMake package for plugins of Reverie
Headers of Reverie and of its LibTorch, and the CMake package that plugins are built with.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "reverie (= ${PROJECT_VERSION}), g++, cmake")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "ninja-build | make")

set(documents ${CMAKE_INSTALL_DATAROOTDIR}/doc)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian-copyright DESTINATION ${documents}/reverie RENAME copyright)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian-copyright DESTINATION ${documents}/reverie-dev RENAME copyright
  COMPONENT development EXCLUDE_FROM_ALL)
include(CPack)
