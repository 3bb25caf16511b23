/// FFmpeg: pictures and videos of every kind that FFmpeg's libraries decode.
///
/// Those libraries draw in more than a hundred others, and loading them takes longer than starting the
/// program does without them. Every plugin is loaded at every start, so this one is not linked to them: what
/// is, is the library ffmpeg/reader.so beside it, which is loaded when a file is first asked about.

#include <dlfcn.h>

#include "reader.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

struct Reader {
  MediaAccepts* accepts;
  MediaOpen* open;
};

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorKind::plugin, "the reader of pictures and videos cannot be loaded: " + why,
              "are FFmpeg's libraries installed? ./reverie installs what is missing");
}

template <typename Function>
Function* symbol(void* library, const char* name) {
  void* address = ::dlsym(library, name);
  if (!address) fail(::dlerror());
  return reinterpret_cast<Function*>(address);
}

/// Never unloaded: tensors may point into it.
Reader load_reader() {
  Dl_info self{};
  if (!::dladdr(reinterpret_cast<const void*>(&fail), &self) || !self.dli_fname)
    fail("its folder is unknown");
  const std::filesystem::path path = std::filesystem::path(self.dli_fname).parent_path() / "ffmpeg/reader.so";
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(::dlerror());
  return {symbol<MediaAccepts>(library, kMediaAcceptsSymbol), symbol<MediaOpen>(library, kMediaOpenSymbol)};
}

const Reader& reader() {
  static const Reader loaded = load_reader();
  return loaded;
}

class Ffmpeg final : public FrameSource {
 public:
  static bool accepts(const std::filesystem::path& path) { return reader().accepts(path); }

  Ffmpeg(Host& host, const Params&, const Setup& setup) : source_(reader().open(host, setup)) {}

  Info info() const override { return source_->info(); }
  std::optional<at::Tensor> read(std::int64_t index) override { return source_->read(index); }

 private:
  std::unique_ptr<FrameSource> source_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Ffmpeg, FrameSource, "ffmpeg", "1.0",
                      "pictures and videos, as far as FFmpeg decodes them", kNoParams);

}  // namespace reverie
