/// MIDI: notes or a controller of a MIDI file that belongs to the sound.
///
/// Of notes, the value is the greatest strength (velocity) of those that sound within the frame: as long as
/// they are held or, with a decay, falling from when they are struck to nothing in so many seconds. Of a
/// controller, it is its value when the frame ends.

#include <algorithm>
#include <cmath>
#include <optional>

#include "frame_window.h"
#include "midi_file.h"
#include "reverie/audio_filter.h"
#include "reverie/plugin.h"

namespace reverie::audio_filters {
namespace {

constexpr ParamSpec kParams[] = {
    text("midi_file", "").help("the MIDI file (.mid)"),
    integer("channel", 0)
        .range(0, 16)
        .fixed("a MIDI file is read as a whole before the run begins")
        .help("1 to 16; 0 is all of them"),
    integer("midi_note", 60)
        .may_be_null()
        .range(0, 127)
        .fixed("a MIDI file is read as a whole before the run begins")
        .help("60 is middle C; of channel 10, 36 is the kick drum; null is all of them"),
    integer("controller", 1)
        .may_be_null()
        .range(0, 127)
        .fixed("a MIDI file is read as a whole before the run begins")
        .help("a controller instead of notes: 1 is the modulation wheel, 7 the volume"),
    number("decay", 0)
        .at_least(0)
        .unit("seconds")
        .fixed("a MIDI file is read as a whole before the run begins")
        .help("how long a note takes to fade; 0: it stays as long as it is held"),
    number("midi_offset", 0)
        .unit("seconds")
        .fixed("a MIDI file is read as a whole before the run begins")
        .help("when the MIDI file begins, in the sound"),
};

/// A number that may be null.
std::optional<std::int64_t> wanted(const Params& params, const char* name) {
  if (!params.has(name)) return std::nullopt;
  return params.get<std::int64_t>(name);
}

class Midi final : public AudioFilter {
 public:
  Midi(Host& host, const Params& params, const Setup& setup)
      : name_(setup.variable_name),
        decay_(params.get<double>("decay")),
        offset_(params.get<double>("midi_offset")),
        controls_(params.has("controller")) {
    const std::string file = params.get<std::string>("midi_file");
    const auto channel = params.get<std::int64_t>("channel");
    const std::optional<std::int64_t> pitch = wanted(params, "midi_note"),
                                      controller = wanted(params, "controller");
    if (file.empty()) {
      host.log(LogLevel::warning, "the filter '" + name_ + "' is always 0: its midi_file names no file");
      return;
    }
    MidiFile read = read_midi(host.resolve_asset(file));
    std::erase_if(read.notes, [&](const MidiNote& note) {
      return (channel != 0 && note.channel != channel) || (pitch && note.pitch != *pitch);
    });
    std::erase_if(read.controls, [&](const MidiControl& control) {
      return (channel != 0 && control.channel != channel) ||
             (controller && control.controller != *controller);
    });
    if (controls_ ? read.controls.empty() : read.notes.empty())
      host.log(LogLevel::warning, "the filter '" + name_ + "' is always 0: '" + file + "' has no such " +
                                      (controls_ ? "controller" : "note"));
    events_ = std::move(read);
    for (const MidiNote& note : events_.notes) longest_ = std::max(longest_, end_of(note) - note.from);
  }

  void begin(const Track& track) override {
    window_ = 1 / track.frames_per_second;
    track_ = {track.sample_rate, track.frames_per_second, 0};
  }
  void hear(std::span<const float> samples) override {
    track_.samples += static_cast<std::int64_t>(samples.size());
  }
  void end(std::span<const float>) override {}

  std::map<std::string, double> analyse(double t) const override {
    if (track_.window(t).empty()) return {{name_, 0.0}};  // the sound is over, whatever the file still has
    return {{name_, controls_ ? control_at(t - offset_ + window_)
                              : note_within(t - offset_, t - offset_ + window_)}};
  }

 private:
  double end_of(const MidiNote& note) const { return decay_ > 0 ? note.from + decay_ : note.to; }

  double note_within(double from, double to) const {
    // By when they begin: all that may still sound.
    const auto begins = [](const MidiNote& note, double time) { return note.from < time; };
    auto note = std::lower_bound(events_.notes.begin(), events_.notes.end(), from - longest_, begins);
    double loudest = 0;
    for (; note != events_.notes.end() && note->from < to; ++note) {
      const double age = std::max(0.0, from - note->from);
      const bool sounds = note->from >= from || end_of(*note) > from;
      if (sounds)
        loudest = std::max(loudest, note->strength * (decay_ > 0 ? std::max(0.0, 1 - age / decay_) : 1));
    }
    return loudest;
  }

  double control_at(double time) const {
    const auto after = std::upper_bound(events_.controls.begin(), events_.controls.end(), time,
                                        [](double t, const MidiControl& control) { return t < control.at; });
    return after == events_.controls.begin() ? 0 : std::prev(after)->value;
  }

  std::string name_;
  double decay_, offset_;
  bool controls_;
  MidiFile events_;
  double longest_ = 0;  // seconds that a note sounds, at most
  double window_ = 0;   // seconds of a frame
  FrameGrid track_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Midi, AudioFilter, "midi", "1.0", "notes or a controller of a MIDI file", kParams);

}  // namespace reverie::audio_filters
