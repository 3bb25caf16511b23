#include "audio/sound_file.h"

#include <dlfcn.h>

#include "audio/sound_reader.h"
#include "reverie/error.h"

namespace reverie {

void hear_sound(const std::filesystem::path& library, const std::filesystem::path& file,
                const TakeSamples& take, std::vector<std::string>& notices) {
  // Never unloaded, as FFmpeg is told to call it.
  void* loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = loaded ? ::dlsym(loaded, kHearSoundSymbol) : nullptr;
  if (!symbol)
    throw Error(ErrorKind::plugin, std::string("the reader of sounds cannot be loaded: ") + ::dlerror(),
                "are FFmpeg's libraries installed? ./reverie installs what is missing");
  reinterpret_cast<HearSound*>(symbol)(file, take, notices);
}

}  // namespace reverie
