#pragma once
// Takes a prompt's text apart at separators that count.

#include <set>
#include <string>
#include <vector>

#include "base/texts.h"

namespace reverie {

/// A part of a prompt, without white space around it, and where it begins in the prompt.
struct Piece {
  std::string text;
  std::size_t at = 0;
};

/// At every separator outside [ ]. One stands inside when the next bracket after it closes.
std::vector<Piece> split_outside_brackets(const Piece& whole, char separator);

/// `weight_mask_cutoff` at '_' outside [ ], but not within the names of variables (`fLo_prev`), nor within
/// `curve(translate_x)`.
std::vector<Piece> split_at_masks(const Piece& whole, const std::set<std::string>& names);

/// At ':' outside [ ], but not in `C:\`, `C:/`, nor in an address's `://host:port`.
std::vector<Piece> split_between_paths(const Piece& whole);

}  // namespace reverie
