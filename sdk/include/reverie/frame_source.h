#pragma once
// FrameSource: pictures by index, from an image or a video file.

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <tuple>

#include "reverie/extension.h"
#include "reverie/frame.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC FrameSource : public Extensible {
 public:
  static constexpr const char* kKind = "frame_sources";
  static constexpr std::uint32_t kInterfaceVersion = 1;
  using Input = std::filesystem::path;  ///< what accepts() examines

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`, which throws
  /// Error(file) when it cannot read the file, and `static bool accepts(const std::filesystem::path&)`.
  struct Setup {
    std::filesystem::path path;
    double frames_per_second;  ///< a video is read at this rate; 0 means the file's own frames, one by one
  };

  struct Info {
    ImageSize size;                      ///< as displayed: rotation and pixel aspect applied
    double frames_per_second = 0;        ///< of read()'s indexes; 0 for a still
    std::optional<std::int64_t> frames;  ///< if the file states it; absent if only reading all would show it
  };

  virtual Info info() const = 0;

  /// [setup, frame] The frame [1, 3, H, W] 0..1 of info().size on the CPU, alpha composited on black; nothing
  /// past the end. Any order of indexes is allowed, ascending is quickest. Throws Error(file), naming the
  /// frame, on damage.
  virtual std::optional<at::Tensor> read(std::int64_t index) = 0;

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Info>;
};

}  // namespace reverie
