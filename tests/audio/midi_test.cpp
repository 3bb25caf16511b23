// MIDI files as variables. The bytes are written out by the standard's rules.

#include <cstring>

#include "../../plugins/audio/midi_file.h"
#include "audio/filters.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

using audio_filters::MidiFile;
using audio_filters::read_midi;
using Bytes = std::vector<std::uint8_t>;

Bytes chunk(const char* type, const Bytes& content) {
  Bytes bytes(type, type + 4);
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(content.size() >> shift));
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

/// 96 ticks a beat. 120 beats a minute for one beat, then 60.
Bytes song(const std::vector<Bytes>& tracks, Bytes header = {0, 1, 0, 2, 0, 96}) {
  Bytes bytes = chunk("MThd", header);
  for (const Bytes& track : tracks) {
    const Bytes one = chunk("MTrk", track);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

const Bytes kTempi = {0,  0xFF, 0x51, 3, 0x07, 0xA1, 0x20,  // 500,000 microseconds
                      96, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40,  // 1,000,000
                      0,  0xFF, 0x2F, 0};
const Bytes kNotes = {48,   0x99, 36,   127,             // at half a beat, channel 10
                      96,   36,   0,                     // a running status; no velocity: let go a beat later
                      0,    0x90, 60,   64,              // channel 1
                      0x81, 0x40, 0x80, 60,  0,          // 192 ticks later
                      0,    0xB0, 1,    127, 96, 1, 32,  // the modulation wheel
                      0,    0xFF, 0x2F, 0};

TEST(MidiFile, HasNotesInSeconds) {
  const MidiFile file = read_midi(song({kTempi, kNotes}));
  ASSERT_EQ(file.notes.size(), 2u);
  EXPECT_DOUBLE_EQ(file.notes[0].from, 0.25);  // half a beat of half a second
  EXPECT_DOUBLE_EQ(file.notes[0].to, 1.0);     // the rest of it, then half a beat of a second
  EXPECT_EQ(file.notes[0].channel, 10);
  EXPECT_EQ(file.notes[0].pitch, 36);
  EXPECT_DOUBLE_EQ(file.notes[0].strength, 1);
  EXPECT_DOUBLE_EQ(file.notes[1].from, 1.0);
  EXPECT_DOUBLE_EQ(file.notes[1].to, 3.0);
  EXPECT_NEAR(file.notes[1].strength, 64 / 127.0, 1e-12);
  ASSERT_EQ(file.controls.size(), 2u);
  EXPECT_DOUBLE_EQ(file.controls[0].at, 3.0);
  EXPECT_DOUBLE_EQ(file.controls[1].at, 4.0);
  EXPECT_NEAR(file.controls[1].value, 32 / 127.0, 1e-12);
}

TEST(MidiFile, MayCountFramesOfFilms) {
  // 25 frames a second of 40 ticks: a tick is a millisecond.
  const MidiFile file =
      read_midi(song({{0x83, 0x74, 0x90, 60, 1, 0, 0xFF, 0x2F, 0}}, {0, 0, 0, 1, 0xE7, 40}));
  ASSERT_EQ(file.notes.size(), 1u);
  EXPECT_NEAR(file.notes[0].from, 0.5, 1e-12);
}

TEST(MidiFile, MayCountFramesOfTelevision) {
  // -29 stands for 30000 / 1001 frames a second; of 40 ticks each.
  const MidiFile file =
      read_midi(song({{0x83, 0x74, 0x90, 60, 1, 0, 0xFF, 0x2F, 0}}, {0, 0, 0, 1, 0xE3, 40}));
  ASSERT_EQ(file.notes.size(), 1u);
  EXPECT_NEAR(file.notes[0].from, 500.0 / 40 * 1001 / 30000, 1e-12);
}

TEST(MidiFile, IsRefusedWhereItIsNone) {
  const Bytes whole = song({kTempi, kNotes});
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    try {
      read_midi(std::span(whole).first(length));
      // A file may end between two chunks.
      EXPECT_TRUE(length == 14 || length == 14 + 8 + kTempi.size()) << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::file);
    }
  }
  EXPECT_THROW(read_midi(song({{0, 60, 60}})), Error) << "no status";
  EXPECT_THROW(read_midi(song({kNotes}, {0, 2, 0, 1, 0, 96})), Error) << "format 2";
  EXPECT_THROW(read_midi(song({kNotes}, {0, 1, 0, 1, 0, 0})), Error) << "no unit";
  EXPECT_THROW(read_midi(song({{0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 1}})), Error)
      << "a number of five bytes";
}

class MidiFilter : public testing::Test {
 protected:
  MidiFilter() {
    const Bytes bytes = song({kTempi, kNotes});
    scratch_.write("song.mid", std::string(bytes.begin(), bytes.end()));
  }
  std::shared_ptr<AudioFilter> midi(const std::map<std::string, std::string>& params) {
    const PluginFile& plugin = plugins().find(AudioFilter::kKind, "midi");
    Settings settings = default_params(plugin);
    std::map<std::string, std::string> all = params;
    all["midi_file"] = (scratch_ / "song.mid").string();
    for (const auto& [name, text] : all) {
      SettingValue value = *settings.find(name);
      EXPECT_EQ(convert(value.spec, RawValue::scalar(text, false), value), "");
      settings.set(name, value);
    }
    auto it = create<AudioFilter>(plugin, host_, settings, {"band"});
    play(*it, std::vector<float>(44100 * 5), 44100, 10);
    return it;
  }

 private:
  engine::HostServices host_{host_options()};
  const Scratch scratch_;
};

TEST_F(MidiFilter, ANoteCountsWhileItIsHeld) {
  const auto kick = midi({{"channel", "10"}, {"midi_note", "36"}});
  EXPECT_EQ(value_at(*kick, 0.1), 0);
  EXPECT_EQ(value_at(*kick, 0.2), 1) << "it is struck within the frame";
  EXPECT_EQ(value_at(*kick, 0.9), 1);
  EXPECT_EQ(value_at(*kick, 1.0), 0);
  const auto any = midi({});
  EXPECT_EQ(value_at(*any, 0.5), 1);
  EXPECT_NEAR(value_at(*any, 2.5), 64 / 127.0, 1e-12);
}

TEST_F(MidiFilter, NothingSoundsBeforeTheSoundNorBehindIt) {
  const auto wheel = midi({{"controller", "1"}});
  EXPECT_GT(value_at(*wheel, 4.95), 0);
  EXPECT_EQ(value_at(*wheel, 5.0), 0) << "the sound has five seconds";
  EXPECT_EQ(value_at(*midi({{"midi_offset", "-0.3"}}), -0.05), 0);
}

TEST_F(MidiFilter, ADecayFallsFromWhereItIsStruck) {
  const auto kick = midi({{"channel", "10"}, {"decay", "0.5"}});
  EXPECT_NEAR(value_at(*kick, 0.2), 1, 1e-12);
  EXPECT_NEAR(value_at(*kick, 0.35), 0.8, 1e-12);
  EXPECT_NEAR(value_at(*kick, 0.8), 0, 1e-12);
  const auto later = midi({{"channel", "10"}, {"decay", "0.5"}, {"midi_offset", "1"}});
  EXPECT_NEAR(value_at(*later, 1.35), 0.8, 1e-12);
}

TEST_F(MidiFilter, AControllerKeepsItsValue) {
  const auto wheel = midi({{"controller", "1"}});
  EXPECT_EQ(value_at(*wheel, 2.5), 0);
  EXPECT_EQ(value_at(*wheel, 3.5), 1);
  EXPECT_NEAR(value_at(*wheel, 4.5), 32 / 127.0, 1e-12);
}

}  // namespace
}  // namespace reverie::test
