#pragma once
// Pictures that are vector drawings: an image model that knows its picture as one, and an output sink that
// keeps it. Both are optional; the host asks for them by their ids, and hands the drawing of each saved
// picture from the one to the others.

#include <filesystem>
#include <string>

#include "reverie/extension.h"

namespace reverie {

/// Of an ImageModel.
class REVERIE_PUBLIC VectorDrawing {
 public:
  static constexpr const char* kId = "reverie.vector_drawing/1";
  virtual ~VectorDrawing() = default;

  /// [frame] What decode_final() shows, as a whole SVG document of its size in pixels.
  virtual std::string svg() = 0;
};

/// Of an OutputSink.
class REVERIE_PUBLIC TakesDrawing {
 public:
  static constexpr const char* kId = "reverie.takes_drawing/1";
  virtual ~TakesDrawing() = default;

  /// [frame, step] `svg` shows what is in `picture`, the file that write() or keep() has just given, which is
  /// not empty. A file is complete or absent whatever happens. Throws Error(file).
  virtual void write_drawing(const std::string& svg, const std::filesystem::path& picture) = 0;
};

}  // namespace reverie
