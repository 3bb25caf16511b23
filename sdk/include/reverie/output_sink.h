#pragma once
// OutputSink: takes finished frames. One call after another, but beside the run, on a thread of their own.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "reverie/extension.h"
#include "reverie/frame.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC OutputSink : public Extensible {
 public:
  static constexpr const char* kKind = "io";
  static constexpr std::uint32_t kInterfaceVersion = 4;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`. Nothing is written
  /// before the first frame.
  struct Setup {
    std::filesystem::path folder;   ///< <output_dir>/<file_namespace>; may not exist yet
    std::string base_name;          ///< files are called <base_name>_<n>.* or <base_name>.*
    double frames_per_second;       ///< of the animation
    std::string settings;           ///< the run's resolved settings as JSON, for embedding
    std::int64_t frames = 0;        ///< saved before the run was restored; the last may come again
    std::int64_t early_frames = 0;  ///< saved before t is 0, where a sound that motion follows begins
  };

  /// [frame] `image` [1, 3, H, W] 0..1, float32, on the CPU; `number` counts saved frames from 1. Returns the
  /// file the frame is in, which is there by then; an empty path for a frame that the sink leaves out. A file
  /// is complete or absent whatever happens. Throws Error(file).
  virtual std::filesystem::path write(const at::Tensor& image, std::int64_t number) = 0;

  /// [step] The artist asked for this picture, as write() would get it: a file of its own beside the frames,
  /// <base_name>_step_<step>.*. Nothing where the sink makes no single pictures.
  virtual std::optional<std::filesystem::path> keep(const at::Tensor& /*image*/, std::int64_t /*step*/) {
    return std::nullopt;
  }

  using Picture = std::function<at::Tensor()>;

  /// [step] Every display_every steps, for whoever watches: `image` makes the picture as write() would get it
  /// (asking for it may cost a decode), `palette` is the image model's palette_picture() where show_palette
  /// asks for it. `step` counts steps done. Nothing that is shown is part of the run's result.
  virtual void display(const Picture& /*image*/, const std::optional<at::Tensor>& /*palette*/,
                       std::int64_t /*step*/) {}

  /// Once, after the last frame, also when the run failed, or was restored when it was over and has no more
  /// frames. Flushes; may throw Error(file).
  virtual void close() {}
};

}  // namespace reverie
