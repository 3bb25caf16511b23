#pragma once
// The words behind a command: settings (name=value), files, and texts that lost their name or their quotes.

#include <string>
#include <vector>

namespace reverie::cli {

/// A word as it is typed into a shell, with quotes where they are needed: scenes="a red heart".
std::string shell_word(const std::string& word);

/// name=value, or Hydra's ~name; ~/name is a file.
bool is_override(const std::string& word);

bool exists(const std::string& word);

/// Whether a word is written like the name of a file, which may be misspelt.
bool names_file(const std::string& word);

/// Throws Error(usage) for width = 64, width= 64 and width =64.
void refuse_blanks(const std::vector<std::string>& words);

/// Throws Error(usage) for a prompt in the place of a file, in one word or in several.
void refuse_prompt(const std::vector<std::string>& files, const std::string& command);

/// Throws Error(usage) for a folder that holds settings files, and for a file that is not there where one is
/// called almost so. Other mistakes in a file are found when it is read.
void refuse_near_miss(const std::string& file);

/// Throws Error(usage) for words that a text has lost because it was not in quotes: scenes=a red heart.
[[noreturn]] void refuse_loose_words(const std::vector<std::string>& words, std::size_t first);

}  // namespace reverie::cli
