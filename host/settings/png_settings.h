#pragma once
// The settings that a run writes into its PNG pictures: a text chunk (tEXt, zTXt or iTXt of the PNG
// specification, sections 11.3.4.2 to 11.3.4.5) with the keyword below, whose text is the settings file.

#include <istream>
#include <string>

namespace reverie {

inline const std::string kPngSignature = "\x89PNG\r\n\x1A\n";
inline constexpr const char* kPngSettingsKeyword = "reverie.settings";

/// Finds the settings of the picture that goes on behind its signature in `stream`. False, with the reason in
/// `why`, if there are none, they are damaged, or their text is longer than `limit` bytes.
bool find_png_settings(std::istream& stream, std::size_t limit, std::string& text, std::string& why);

}  // namespace reverie
