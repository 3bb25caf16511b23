#pragma once
// Standard MIDI files (the MIDI Manufacturers Association's SMF 1.0): notes and controllers with their times.

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace reverie::audio_filters {

/// A note, from when it is struck to when it is let go. Seconds from the file's beginning.
struct MidiNote {
  double from, to;
  int channel;      ///< 1 to 16
  int pitch;        ///< 0 to 127; 60 is middle C
  double strength;  ///< the velocity, above 0 to 1
};

/// A controller's new value, 0..1.
struct MidiControl {
  double at;
  int channel, controller;
  double value;
};

struct MidiFile {
  std::vector<MidiNote> notes;        ///< by `from`
  std::vector<MidiControl> controls;  ///< by `at`
};

/// Formats 0 and 1, with beats or SMPTE frames. Notes that nobody lets go end with the file. Throws
/// Error(file) for what is no such file, is cut, or holds more than two million events.
MidiFile read_midi(std::span<const std::uint8_t> bytes);

/// The same of an ordinary file of at most 16 MiB.
MidiFile read_midi(const std::filesystem::path& file);

}  // namespace reverie::audio_filters
