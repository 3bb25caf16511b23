#pragma once
// A block of rows at the cursor of a terminal that is redrawn in place.

#include <optional>
#include <string>
#include <vector>

#include "painter.h"

namespace reverie::terminal {

class Screen {
 public:
  /// `descriptor`: standard error. Nothing is written before show().
  explicit Screen(int descriptor) : descriptor_(descriptor) {}

  struct Picture {
    std::string output;  ///< as Painter makes it
    int rows;
    bool symbols;
  };
  /// What stands there.
  struct Block {
    std::optional<Picture> picture;
    std::vector<std::string> lines;  ///< below it; each fits into the terminal's width
  };

  struct Size {
    Cells cells;
    CellSize cell;
  };
  Size size() const;

  /// False while the artist uses the terminal for something else.
  bool in_front() const;

  /// The next block is drawn where the cursor is then: something else was written.
  void forget() { drawn_ = {}; }

  /// Draws the block in the place of the last one, below `messages`, which stay. `same_picture`: only the
  /// lines differ. `clear`: empties the terminal first. `remove_picture`: what Painter says. May wait for the
  /// terminal. Throws Error(file) when it is gone.
  void show(const Block& block, const std::vector<std::string>& messages, bool same_picture, bool clear,
            const std::string& remove_picture);

  /// Lines without a block; the next block begins below them.
  void say(const std::vector<std::string>& messages);

  /// The cursor goes below the block, which stays.
  void leave();

 private:
  void write(const std::string& output) const;

  struct Drawn {
    int rows = 0, lines = 0;
  };
  int descriptor_;
  Drawn drawn_;
};

}  // namespace reverie::terminal
