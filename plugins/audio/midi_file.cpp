#include "midi_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "reverie/error.h"
#include "reverie/ordinary_file.h"

namespace reverie::audio_filters {
namespace {

constexpr std::size_t kMostBytes = 16 * 1024 * 1024, kMostEvents = 2'000'000;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::file, "is not a usable MIDI file: " + why);
}

/// Reads from the front; whatever is cut ends with an error.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t front() const {
    if (bytes_.empty()) refuse("it is cut");
    return bytes_.front();
  }
  std::uint8_t next() {
    const std::uint8_t byte = front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  Bytes part(std::size_t length) {
    if (length > bytes_.size()) refuse("it is cut");
    const Bytes taken(bytes_.first(length));
    bytes_ = bytes_.subspan(length);
    return taken;
  }
  /// Big-endian.
  std::uint32_t number(int bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | next();
    return value;
  }
  /// Seven bits a byte, at most four of them.
  std::uint32_t quantity() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const std::uint8_t byte = next();
      value = value << 7 | (byte & 0x7Fu);
      if (byte < 0x80) return value;
    }
    refuse("a number in it has more than four bytes");
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// What counts, at its time in ticks.
struct Event {
  enum class Kind { tempo, note, control };
  std::uint64_t tick;
  Kind kind;
  int channel, number;
  std::uint32_t value;  // of a tempo, microseconds a beat; of a note that is let go, 0
};

void read_track(Bytes track, std::vector<Event>& events, std::uint64_t& end) {
  std::uint64_t tick = 0;
  int running = 0;  // the status that a message without one has
  for (std::size_t messages = 0; !track.empty(); ++messages) {
    if (messages > kMostEvents) refuse("it has more than two million events");
    tick += track.quantity();
    int status = track.front() < 0x80 ? running : track.next();
    if (status == 0xFF) {
      const std::uint8_t type = track.next();
      Bytes content = track.part(track.quantity());
      if (type == 0x2F) break;
      if (type == 0x51) events.push_back({tick, Event::Kind::tempo, 0, 0, content.number(3)});
      continue;
    }
    if (status == 0xF0 || status == 0xF7) {
      track.part(track.quantity());
      continue;
    }
    if (status < 0x80 || status > 0xEF) refuse("it has a message that no file may have");
    running = status;
    const int channel = (status & 0x0F) + 1, kind = status & 0xF0;
    const int first = track.next() & 0x7F;
    if (kind == 0xC0 || kind == 0xD0) continue;  // of one byte
    const std::uint32_t second = track.next() & 0x7Fu;
    if (kind == 0x80 || kind == 0x90)
      events.push_back({tick, Event::Kind::note, channel, first, kind == 0x80 ? 0 : second});
    if (kind == 0xB0) events.push_back({tick, Event::Kind::control, channel, first, second});
  }
  end = std::max(end, tick);
}

}  // namespace

MidiFile read_midi(std::span<const std::uint8_t> all) {
  Bytes bytes(all);
  if (bytes.number(4) != 0x4D546864) refuse("it does not begin with MThd");
  Bytes header = bytes.part(bytes.number(4));
  const std::uint32_t format = header.number(2), tracks = header.number(2), division = header.number(2);
  if (format > 1) refuse("it is of format " + std::to_string(format) + "; 0 and 1 can be read");
  const bool frames = division & 0x8000u;  // SMPTE: minus frames a second, and ticks of each
  const std::uint32_t rate = 256 - (division >> 8);
  // 29 stands for the 30000 / 1001 frames a second of NTSC.
  const double ticks = frames ? (rate == 29 ? 30000.0 / 1001 : rate) * (division & 0xFFu) : division;
  if (ticks == 0) refuse("its time has no unit");

  std::vector<Event> events;
  std::uint64_t end = 0;
  for (std::uint32_t i = 0; i < tracks && !bytes.empty();) {
    const std::uint32_t type = bytes.number(4);
    const Bytes chunk = bytes.part(bytes.number(4));
    if (type != 0x4D54726B) continue;  // other chunks are allowed
    read_track(chunk, events, end);
    ++i;
    if (events.size() > kMostEvents) refuse("it has more than two million events");
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.tick < b.tick; });

  MidiFile result;
  std::map<std::pair<int, int>, std::size_t> held;  // notes by channel and pitch
  double seconds = 0, beat = 0.5;                   // 120 beats a minute until a tempo says otherwise
  std::uint64_t tick = 0;
  const auto go_to = [&](std::uint64_t to) {
    seconds += static_cast<double>(to - tick) / ticks * (frames ? 1 : beat);
    tick = to;
  };
  for (const Event& event : events) {
    go_to(event.tick);
    if (event.kind == Event::Kind::tempo) {
      beat = event.value / 1e6;
    } else if (event.kind == Event::Kind::control) {
      result.controls.push_back({seconds, event.channel, event.number, event.value / 127.0});
    } else {
      const auto found = held.find({event.channel, event.number});
      if (found != held.end()) {
        result.notes[found->second].to = seconds;
        held.erase(found);
      }
      if (event.value == 0) continue;
      held[{event.channel, event.number}] = result.notes.size();
      result.notes.push_back({seconds, seconds, event.channel, event.number, event.value / 127.0});
    }
  }
  go_to(std::max(end, tick));
  for (const auto& [key, index] : held) result.notes[index].to = seconds;
  return result;
}

MidiFile read_midi(const std::filesystem::path& file) {
  require_ordinary_file(file, "a MIDI file");
  std::error_code error;
  if (std::filesystem::file_size(file, error) > kMostBytes)
    refuse("'" + file.string() + "' is larger than 16 MiB");
  std::ifstream stream(file, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  try {
    return read_midi(bytes);
  } catch (const Error& why) {
    throw Error(ErrorKind::file, "'" + file.string() + "' " + why.what());
  }
}

}  // namespace reverie::audio_filters
