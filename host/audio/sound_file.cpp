#include "audio/sound_file.h"

#include <dlfcn.h>

#include "audio/sound_reader.h"
#include "reverie/error.h"

namespace reverie {

std::vector<float> read_sound(const std::filesystem::path& library, const std::filesystem::path& file,
                              std::vector<std::string>& notices) {
  // Never unloaded, as FFmpeg is told to call it.
  void* loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = loaded ? ::dlsym(loaded, kReadSoundSymbol) : nullptr;
  if (!symbol)
    throw Error(ErrorKind::plugin, std::string("the reader of sounds cannot be loaded: ") + ::dlerror(),
                "are FFmpeg's libraries installed? ./reverie installs what is missing");
  return reinterpret_cast<ReadSound*>(symbol)(file, notices);
}

}  // namespace reverie
