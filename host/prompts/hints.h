#pragma once
// What to say where an artist probably meant something else.

#include <set>
#include <string>
#include <vector>

#include "expressions/error.h"
#include "prompts/pieces.h"

namespace reverie {

/// Where a weight can be read behind a ':' that probably belongs to the text: a time (12:30), a ratio (16:9),
/// a title (Blade Runner: 2049), a letter that is a constant (vitamin: e). How to write the one and the
/// other; empty where nothing speaks for it. `constant`: the weight depends on nothing.
std::string hint_at_text(const std::string& written, const Piece& text, const Piece& weight, bool constant);

/// Whether the text in the place of a weight reads like the rest of a sentence.
bool reads_like_text(const std::string& written, const Piece& weight);

/// What is wrong with an expression, and where a name is not known, which there are and what it takes to have
/// others. `own` and `sound` are the names of the animation mode and of the sound.
std::string explain(const ExpressionError& error, const std::vector<std::string>& own,
                    const std::set<std::string>& sound);

}  // namespace reverie
