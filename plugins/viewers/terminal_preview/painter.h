#pragma once
// Makes pictures out of what a terminal understands, with chafa.

#include <chafa.h>

#include <cstdint>
#include <memory>
#include <string>

#include "../../io/pixels8.h"

namespace reverie::terminal {

struct Cells {
  int columns = 0, rows = 0;
};

/// Pixels of one character.
struct CellSize {
  int width = 8, height = 16;
};

class Painter {
 public:
  enum class Way { none, symbols, sixel, kitty };

  /// Finds out from the environment what the terminal understands.
  Painter();

  /// None: a terminal that knows no pictures at all.
  Way way() const { return way_; }

  /// Output that puts the picture where the cursor is, on so many cells. By symbols: its rows, separated by
  /// line breaks.
  std::string paint(const io::Pixels8& pixels, Cells cells, CellSize cell) const;
  /// The like, always by symbols, and with hard edges.
  std::string paint_swatch(const io::Pixels8& pixels, Cells cells) const;

  /// Takes away the picture that lies under the cursor, where drawing over it would not.
  std::string remove_picture() const { return way_ == Way::kitty ? "\033_Ga=d,d=C\033\\" : ""; }

 private:
  std::string paint(const io::Pixels8& pixels, Cells cells, CellSize cell, ChafaPixelMode mode) const;

  template <auto release>
  struct Release {
    template <typename T>
    void operator()(T* pointer) const {
      release(pointer);
    }
  };
  std::unique_ptr<ChafaTermInfo, Release<chafa_term_info_unref>> terminal_;
  ChafaCanvasMode colours_;
  Way way_;
};

/// The cells for a picture of that size: as large as the room allows times `scale`, but no larger than it.
Cells fit(std::int64_t width, std::int64_t height, Cells room, double scale, CellSize cell);

}  // namespace reverie::terminal
