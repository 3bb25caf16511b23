#pragma once
// Pictures and videos that settings name, read by whichever plugin understands them.

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "engine/host_services.h"
#include "plugins/open_by_content.h"
#include "reverie/frame_source.h"

namespace reverie::media {

/// All methods take a path or an address (see Host::resolve_asset()) and throw Error(file), naming it, when
/// there is no such file or no plugin can read it, and Error(plugin) when there is no plugin to do so.
class Pictures {
 public:
  /// `registry` and `host` must outlive it. While it lives, host.load_image() is its load().
  Pictures(const PluginRegistry& registry, engine::HostServices& host, ParamsOf params = default_params);
  ~Pictures();
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  /// At `frames_per_second`, or, for 0, frame by frame. A folder of pictures, and a path like
  /// "frames/f_%04d.png", are a video whose frames they are.
  std::shared_ptr<FrameSource> open(const std::string& path_or_url, double frames_per_second = 0) const;

  /// A picture, or a video's first frame, [1, 3, H, W] 0..1 on the host's device.
  at::Tensor load(const std::string& path_or_url) const;

  /// The same with its opacity as a fourth channel, [1, 4, H, W] on the CPU, by which the colours are not
  /// multiplied: 1 where the file, or the plugin that reads it, says nothing of it.
  at::Tensor load_with_opacity(const std::string& path_or_url) const;

  /// The plugins that have read something until now.
  const std::set<const PluginFile*>& readers() const { return readers_; }

 private:
  std::shared_ptr<FrameSource> open_path(const std::filesystem::path& path, double frames_per_second) const;
  std::shared_ptr<FrameSource> open_all(std::vector<std::filesystem::path> files,
                                        double frames_per_second) const;
  std::shared_ptr<FrameSource> open_file(const std::filesystem::path& path, double frames_per_second) const;
  const PluginRegistry& registry_;
  engine::HostServices& host_;
  ParamsOf params_;
  mutable std::mutex readers_mutex_;             // a sink may read pictures while the run does
  mutable std::set<const PluginFile*> readers_;  // which only grows while it is checked what can be read
};

}  // namespace reverie::media
