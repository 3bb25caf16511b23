#include "serve/file_types.h"

#include <filesystem>

namespace reverie::serve {
namespace {

bool begins(std::string_view bytes, std::size_t at, std::string_view with) {
  return bytes.size() >= at + with.size() && bytes.substr(at, with.size()) == with;
}

/// MPEG audio, layer III: eleven bits that are set, then version, layer, bit rate and sample rate that exist.
bool is_mpeg_audio(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const bool sync = byte(0) == 0xFF && (byte(1) & 0xE0) == 0xE0;
  const bool version = (byte(1) & 0x18) != 0x08, layer = (byte(1) & 0x06) == 0x02;
  return sync && version && layer && (byte(2) & 0xF0) != 0xF0 && (byte(2) & 0x0C) != 0x0C;
}

}  // namespace

std::optional<UploadType> upload_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (begins(bytes, 0, "\x89PNG\r\n\x1a\n"sv)) return UploadType{".png", "image/png"};
  if (begins(bytes, 0, "\xFF\xD8\xFF"sv)) return UploadType{".jpg", "image/jpeg"};
  if (begins(bytes, 0, "GIF87a"sv) || begins(bytes, 0, "GIF89a"sv)) return UploadType{".gif", "image/gif"};
  if (begins(bytes, 0, "RIFF"sv)) {
    if (begins(bytes, 8, "WEBP"sv)) return UploadType{".webp", "image/webp"};
    if (begins(bytes, 8, "WAVE"sv)) return UploadType{".wav", "audio/wav"};
    if (begins(bytes, 8, "AVI "sv)) return UploadType{".avi", "video/x-msvideo"};
    return std::nullopt;
  }
  // Its header's size, and nothing in the reserved bytes: "BM" alone begins many a text.
  if (begins(bytes, 0, "BM"sv) && begins(bytes, 6, "\0\0\0\0"sv)) return UploadType{".bmp", "image/bmp"};
  if (begins(bytes, 4, "ftyp"sv)) {
    if (begins(bytes, 8, "M4A"sv) || begins(bytes, 8, "M4B"sv)) return UploadType{".m4a", "audio/mp4"};
    if (begins(bytes, 8, "qt  "sv)) return UploadType{".mov", "video/quicktime"};
    return UploadType{".mp4", "video/mp4"};
  }
  if (begins(bytes, 0, "\x1A\x45\xDF\xA3"sv))
    return bytes.find("webm") != std::string_view::npos ? UploadType{".webm", "video/webm"}
                                                        : UploadType{".mkv", "video/x-matroska"};
  if (begins(bytes, 0, "fLaC"sv)) return UploadType{".flac", "audio/flac"};
  if (begins(bytes, 0, "OggS"sv)) return UploadType{".ogg", "audio/ogg"};
  if (begins(bytes, 0, "ID3"sv) || is_mpeg_audio(bytes)) return UploadType{".mp3", "audio/mpeg"};
  return std::nullopt;
}

std::string content_type(const std::string& name) {
  constexpr const char* kTypes[][2] = {{".png", "image/png"},
                                       {".jpg", "image/jpeg"},
                                       {".jpeg", "image/jpeg"},
                                       {".webp", "image/webp"},
                                       {".avif", "image/avif"},
                                       {".apng", "image/apng"},
                                       {".gif", "image/gif"},
                                       {".bmp", "image/bmp"},
                                       {".mp4", "video/mp4"},
                                       {".webm", "video/webm"},
                                       {".mov", "video/quicktime"},
                                       {".mkv", "video/x-matroska"},
                                       {".avi", "video/x-msvideo"},
                                       {".wav", "audio/wav"},
                                       {".flac", "audio/flac"},
                                       {".ogg", "audio/ogg"},
                                       {".mp3", "audio/mpeg"},
                                       {".m4a", "audio/mp4"},
                                       {".txt", "text/plain; charset=utf-8"}};
  for (const auto& [ending, type] : kTypes)
    if (std::filesystem::path(name).extension() == ending) return type;
  return "application/octet-stream";
}

}  // namespace reverie::serve
