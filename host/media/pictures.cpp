#include "media/pictures.h"

#include <ATen/ATen.h>

#include "media/footage.h"
#include "media/numbered_pictures.h"
#include "media/web_file.h"
#include "reverie/has_opacity.h"
#include "reverie/ordinary_file.h"

namespace reverie::media {

using engine::HostServices;

Pictures::Pictures(const PluginRegistry& registry, HostServices& host, ParamsOf params)
    : registry_(registry), host_(host), params_(std::move(params)) {
  host_.load_images_with([this](const std::string& path_or_url) { return load(path_or_url); });
}

Pictures::~Pictures() { host_.load_images_with({}); }

std::shared_ptr<FrameSource> Pictures::open(const std::string& path_or_url, double frames_per_second) const {
  if (!is_web_address(path_or_url)) {
    const std::filesystem::path written(path_or_url);
    const std::optional<NumberedName> name = numbered_name(written.filename().string());
    std::error_code ignored;
    if (!name || std::filesystem::exists(written, ignored))
      return open_path(host_.resolve_asset(path_or_url), frames_per_second);
    const std::filesystem::path parent = written.has_parent_path() ? written.parent_path() : ".";
    std::vector<std::filesystem::path> files = pictures_called(*name, host_.resolve_asset(parent.string()));
    if (files.empty()) throw Error(ErrorKind::file, "there is no file '" + path_or_url + "' with any number");
    return open_all(std::move(files), frames_per_second);
  }
  const std::filesystem::path path = host_.resolve_asset(path_or_url);
  try {
    return open_file(path, frames_per_second);
  } catch (const Error& error) {
    // The download may be an error page of the server; it must not stay in the cache.
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    throw Error(error.kind(), "the file at '" + path_or_url + "' cannot be used: " + error.what(),
                error.advice());
  }
}

std::shared_ptr<FrameSource> Pictures::open_path(const std::filesystem::path& path,
                                                 double frames_per_second) const {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open_all(pictures_in(path), frames_per_second);
  return open_file(path, frames_per_second);
}

std::shared_ptr<FrameSource> Pictures::open_all(std::vector<std::filesystem::path> files,
                                                double frames_per_second) const {
  // Each through resolve_asset(), since a link in the folder may lead to what may not be named.
  return std::make_shared<NumberedPictures>(
      std::move(files), frames_per_second,
      [this](const std::filesystem::path& path) { return open_file(host_.resolve_asset(path.string()), 0); });
}

std::shared_ptr<FrameSource> Pictures::open_file(const std::filesystem::path& path,
                                                 double frames_per_second) const {
  auto [source, plugin] = open_by_content<FrameSource>(registry_, host_, params_, {path, frames_per_second},
                                                       "a picture or video");
  const std::lock_guard lock(readers_mutex_);
  readers_.insert(plugin);
  return source;
}

at::Tensor Pictures::load(const std::string& path_or_url) const {
  Footage footage(open(path_or_url));
  footage.seek(0);
  return footage.image().to(host_.device());
}

at::Tensor Pictures::load_with_opacity(const std::string& path_or_url) const {
  const std::shared_ptr<FrameSource> source = open(path_or_url);
  if (auto* part = extension_of<HasOpacity>(*source))
    if (const std::optional<at::Tensor> picture = part->read_with_opacity(0)) return *picture;
  Footage footage(source);
  footage.seek(0);
  return at::cat({footage.image(), at::ones_like(footage.image().narrow(1, 0, 1))}, 1);
}

}  // namespace reverie::media
