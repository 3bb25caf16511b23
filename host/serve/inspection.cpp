#include "serve/inspection.h"

#include <fstream>

#include "base/installation.h"
#include "engine/host_services.h"
#include "models/catalogue.h"
#include "models/sha256.h"
#include "plugins/open_by_content.h"
#include "reverie/frame_source.h"
#include "reverie/sound_source.h"
#include "serve/file_types.h"

namespace reverie::serve {

using engine::HostServices;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 32;
/// A rate that is fine enough to know how long a sound is.
constexpr int kRate = 8000;

struct Seen {
  bool video = false;
  std::int64_t width = 0, height = 0;
  double seconds = 0;
};

/// Its first picture; nothing where it has none. `why`: what the plugins say.
std::optional<Seen> see(const PluginRegistry& registry, Host& host, const fs::path& file, std::string& why) {
  try {
    const auto opened =
        open_by_content<FrameSource>(registry, host, default_params, {file, 0}, "a picture or video");
    const FrameSource::Info info = opened.source->info();
    if (!opened.source->read(0)) throw Error(ErrorKind::file, "it has no picture");
    const bool one = info.frames_per_second == 0 || (info.frames && *info.frames == 1);
    return Seen{!one, info.size.width, info.size.height,
                one || !info.frames ? 0 : static_cast<double>(*info.frames) / info.frames_per_second};
  } catch (const Error& error) {
    why = error.what();
    return std::nullopt;
  }
}

/// How many seconds of sound it has, when `whole`, else about none; nothing where it has none.
std::optional<double> hear(const PluginRegistry& registry, Host& host, const fs::path& file, bool whole,
                           std::string& why) {
  try {
    const auto opened =
        open_by_content<SoundSource>(registry, host, default_params, {file, kRate}, "a sound");
    std::size_t samples = 0;
    for (std::vector<float> next = opened.source->next(); !next.empty(); next = opened.source->next()) {
      samples += next.size();
      if (!whole) break;
    }
    if (samples == 0) throw Error(ErrorKind::file, "it has no sound");
    return static_cast<double>(samples) / kRate;
  } catch (const Error& error) {
    why = error.what();
    return std::nullopt;
  }
}

Json::Value problem(const std::string& text) {
  Json::Value answer;
  answer["problem"] = text;
  return answer;
}

/// Plugins name the file by its path, which is temporary and says nothing to the artist.
std::string without_path(std::string text, const fs::path& file) {
  const std::string name = "'" + file.string() + "'";
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
    text.replace(at, name.size(), "the file");
  return text;
}

}  // namespace

const char* name_of(UploadKind kind) {
  return kind == UploadKind::picture ? "picture" : kind == UploadKind::video ? "video" : "sound";
}

Json::Value inspect(const fs::path& file, const RunRules& rules) {
  std::string beginning(kTypeBytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(stream.gcount()));
  const auto type = upload_type(beginning);
  if (!type)
    return problem(std::string("this is none of the formats that can be used: ") + kUploadFormats +
                   "; convert it to one of them");

  HostServices::Options options;
  options.device = "cpu";
  options.models = installation_prefix() / "share/reverie/models";
  options.models_parent_dir = models::kDefaultModelsParent;
  HostServices host(options);
  std::string unseen, unheard;
  // Sounds may hold a picture of their cover, which is not what they are.
  const bool plays = std::string_view(type->content_type).starts_with("audio/");
  const auto seen = plays ? std::nullopt : see(rules.registry, host, file, unseen);
  const auto heard = seen && !seen->video ? std::nullopt : hear(rules.registry, host, file, !seen, unheard);
  if (!seen && !heard)
    return problem("the file is damaged, or not what it seems to be: " +
                   without_path(unseen.empty() ? unheard : unseen, file));

  const UploadKind kind = !seen ? UploadKind::sound : seen->video ? UploadKind::video : UploadKind::picture;
  Json::Value answer;
  answer["kind"] = name_of(kind);
  answer["ending"] = type->ending;
  answer["width"] = Json::Int64(seen ? seen->width : 0);
  answer["height"] = Json::Int64(seen ? seen->height : 0);
  answer["seconds"] = seen ? seen->seconds : *heard;
  answer["sound"] = heard.has_value();
  answer["hash"] = models::sha256_of(file).substr(0, kHashDigits);
  return answer;
}

}  // namespace reverie::serve
