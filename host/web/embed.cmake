# cmake -DTARGET=<file.cpp> -DFUNCTION=<name> -DFILES=<file;...> -P embed.cmake: C++ that holds the files' bytes.
set(arrays "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  cmake_path(GET file FILENAME name)
  string(APPEND arrays "constexpr char kFile${index}[] = {${bytes}};\n")
  string(APPEND entries "    {\"${name}\", {kFile${index}, sizeof kFile${index}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${TARGET} "// Made by host/web/embed.cmake.
#include \"web/page_files.h\"

namespace reverie::web {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${entries}};

}  // namespace

std::span<const PageFile> ${FUNCTION}() { return kFiles; }

}  // namespace reverie::web
")
