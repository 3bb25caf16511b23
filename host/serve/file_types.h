#pragma once
// What an uploaded file is, by its first bytes.

#include <optional>
#include <string>
#include <string_view>

namespace reverie::serve {

/// A format that is accepted. Formats that name other files, such as playlists, are not among them.
struct UploadType {
  const char* ending;        ///< of the file's name, with the dot
  const char* content_type;  ///< as a picture or video; for a sound see type_of_sound()
};

/// At least this many of a file's first bytes decide.
inline constexpr std::size_t kTypeBytes = 64;

/// Nothing for a format that is not accepted.
std::optional<UploadType> upload_type(std::string_view beginning);

/// What browsers call a file of this ending: of uploads and of what runs write. Else
/// application/octet-stream, which browsers only save.
std::string content_type(const std::string& name);

/// The formats in words, for messages.
inline constexpr const char* kUploadFormats =
    "PNG, JPEG, WebP, GIF, BMP, MP4, MOV, WebM, Matroska, AVI, WAV, FLAC, Ogg, MP3 and M4A";

}  // namespace reverie::serve
