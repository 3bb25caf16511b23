# `cpack -G DEB` in the build folder makes a Debian package of the installation, LibTorch included.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME reverie)
set(CPACK_PACKAGE_VENDOR "The Reverie authors")
set(CPACK_PACKAGE_CONTACT "The Reverie authors <reverie@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pictures and animations from text prompts, by gradient descent through CLIP")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Reverie starts from noise and changes every pixel, step by step, until CLIP finds the words of a prompt in the picture.
 It reads the settings files of PyTTI, and everything in a step is a plugin. LibTorch is part of this package.")
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd) # of 500 MB, xz would take minutes
set(CPACK_THREADS 0)
# What the libraries need, by the packages that have them on the system that builds the package.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
file(GLOB nvidia ${REVERIE_LIBTORCH_FOLDER}/../../nvidia/*/lib)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${REVERIE_LIBTORCH_FOLDER} ${nvidia})
# For downloads of models; the ffmpeg program is of use beside videos.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "ffmpeg, g++, cmake, ninja-build")
install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian-copyright DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/reverie
  RENAME copyright)
include(CPack)
