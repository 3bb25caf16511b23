#pragma once
// Loads the library that is linked to FFmpeg's, when it is first needed: linked to a plugin, FFmpeg's 130
// libraries would be loaded at every start. It lies at video_file/writer.so beside the plugins.

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include "reverie/error.h"

namespace reverie {

/// A function of the library by its name. Never unloaded. Throws Error(plugin).
template <typename Function>
Function* from_writer_library(const char* name) {
  const auto fail = [](const std::string& why) {
    throw Error(ErrorKind::plugin, "the writer of videos cannot be loaded: " + why,
                "are FFmpeg's libraries installed? ./reverie installs what is missing");
  };
  Dl_info self{};
  if (!::dladdr(reinterpret_cast<const void*>(&from_writer_library<Function>), &self) || !self.dli_fname)
    fail("its folder is unknown");
  const auto path = std::filesystem::path(self.dli_fname).parent_path() / "video_file/writer.so";
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(::dlerror());
  void* address = ::dlsym(library, name);
  if (!address) fail(::dlerror());
  return reinterpret_cast<Function*>(address);
}

}  // namespace reverie
