#pragma once
// Everything that was made, for people to look through.

#include <json/value.h>

#include <cstdint>
#include <string>
#include <vector>

#include "serve/run_record.h"

namespace reverie::serve {

/// What a run shows in the gallery: {id, title, words, state, ended, width, height, picture, film, pictures,
/// files}. `picture` and `film` are names of files, empty where there is none.
Json::Value gallery_item(const RunRecord& record);

/// Whether all words of `search` are in the run's title or prompts, in any case of letters.
bool is_found(const RunRecord& record, const std::string& search);

}  // namespace reverie::serve
