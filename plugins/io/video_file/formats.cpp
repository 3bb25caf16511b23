#include "formats.h"

#include <stdexcept>

namespace reverie::video_file {
namespace {

// Encoders give each picture out at once: nothing that is still inside one is lost when the run is killed.
// That forbids B-frames and looking ahead, which costs some size at the same quality.
constexpr Codec kAac{"aac", "AAC", ""}, kOpus{"libopus", "Opus", ""}, kPcm{"pcm_s24le", "PCM", ""},
    kFlac{"flac", "FLAC", ""}, kSilent{nullptr, "", ""};
constexpr Codec kH264{"libx264", "H.264", "preset=slow:tune=zerolatency"},
    kVp9{"libvpx-vp9", "VP9",
         "b=0:deadline=good:cpu-used=2:lag-in-frames=0:auto-alt-ref=0:row-mt=0:tile-columns=0"},
    kProRes422{"prores_ks", "ProRes", "profile=hq:vendor=apl0"},
    kProRes4444{"prores_ks", "ProRes", "profile=4444:vendor=apl0"}, kGif{"gif", "GIF", ""},
    kFfv1{"ffv1", "FFV1", "g=1"};

// Each picture is a fragment. The header waits for the first one, so that it can say where the sound begins.
constexpr const char* kFragments = "movflags=frag_custom+delay_moov+default_base_moof";
constexpr const char *kFastStart = "movflags=faststart", *kCuesFirst = "cues_to_front=1";

constexpr AVPixelFormat kNone = AV_PIX_FMT_NONE;

constexpr Format kFormats[] = {
    {"mp4", ".mp4", "mp4", kH264, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P, kNone, kNone, 16, 51, kAac,
     AV_SAMPLE_FMT_FLTP, 192000, kFragments, kFastStart, true},
    {"webm", ".webm", "webm", kVp9, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVA420P,
     AV_PIX_FMT_YUVA420P, 24, 63, kOpus, AV_SAMPLE_FMT_FLT, 160000, "", kCuesFirst, true},
    {"prores", ".mov", "mov", kProRes422, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV422P10, kNone, kNone, -1, -1,
     kPcm, AV_SAMPLE_FMT_S32, 0, kFragments, kFastStart, false},
    {"prores4444", ".mov", "mov", kProRes4444, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_YUV444P10,
     AV_PIX_FMT_YUVA444P10, AV_PIX_FMT_YUVA444P10, -1, -1, kPcm, AV_SAMPLE_FMT_S32, 0, kFragments, kFastStart,
     false},
    {"gif", ".gif", "gif", kGif, AV_PIX_FMT_PAL8, AV_PIX_FMT_PAL8, kNone, kNone, -1, -1, kSilent,
     AV_SAMPLE_FMT_NONE, 0, "", nullptr, false},
    {"lossless", ".mkv", "matroska", kFfv1, AV_PIX_FMT_BGR0, AV_PIX_FMT_RGB48, AV_PIX_FMT_BGRA,
     AV_PIX_FMT_RGBA64, -1, -1, kFlac, AV_SAMPLE_FMT_S32, 0, "", kCuesFirst, true},
};

}  // namespace

const Format& format_called(const std::string& name) {
  for (const Format& format : kFormats)
    if (name == format.name) return format;
  throw std::out_of_range("no video format '" + name + "'");
}

}  // namespace reverie::video_file
