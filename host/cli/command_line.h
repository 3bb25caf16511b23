#pragma once
// What the command line says of itself, and what is made of words that other programs would understand.

#include <filesystem>
#include <string>
#include <vector>

#include "reverie/error.h"

namespace reverie::cli {

/// All commands, and examples.
std::string usage();

/// The lines of usage() about one command; "" if there is no such command.
std::string usage_of(const std::string& command);

std::string exit_status();

/// The words with our options in place of Hydra's: -cn, -cp, -cd, -c, --config-path.
std::vector<std::string> without_hydra_options(std::vector<std::string> words);

/// Advice for an option that there is not, which may be a setting: --width 128 is width=128.
std::string hint_at_setting(const std::vector<std::string>& words, const std::string& option,
                            const std::vector<std::string>& settings);

/// Whether `word` is one of our commands.
bool is_command(const std::string& word);

/// With advice: the nearest command, or how a prompt or a file is rendered. `words` is all that was given.
Error unknown_command(const std::string& word, const std::vector<std::string>& words);

/// For options without a command, with advice.
Error missing_command(const std::vector<std::string>& words);

/// The settings file that Hydra's --config-name means. Throws Error(usage).
std::filesystem::path file_of_config(const std::string& name,
                                     std::vector<std::filesystem::path> config_folders);

}  // namespace reverie::cli
