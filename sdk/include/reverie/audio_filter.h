#pragma once
// AudioFilter: turns sound into numbers that motion and weights can follow.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC AudioFilter : public Extensible {
 public:
  static constexpr const char* kKind = "audio";
  static constexpr std::uint32_t kInterfaceVersion = 2;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {
    std::string variable_name;  ///< the variable that expressions read
  };

  /// What comes, and which of it the run hears.
  struct Track {
    double sample_rate;
    double frames_per_second;  ///< a frame's window is 1 / frames_per_second long
    /// Samples from here to there, counted from the track's beginning; the track may end before.
    std::int64_t heard_from, heard_to;
  };

  /// [setup] The sound goes by once, from its beginning to its end, also where the run does not hear it: so a
  /// frame can be compared with the loudest of the track, and memory is needed only for what is heard.
  /// Everything that costs time is done here.
  virtual void begin(const Track& track) = 0;
  /// [setup] The next samples, mono, -1..1, as many as there happen to be.
  virtual void hear(std::span<const float> samples) = 0;
  /// [setup] `heard` are the samples from heard_from on, to heard_to or the track's end. They stay where they
  /// are as long as the filter lives, so that no filter needs a copy of them.
  virtual void end(std::span<const float> heard) = 0;

  /// [frame] Values 0..1 by variable name, for the window of one frame that starts `t` seconds into the
  /// track. Before the start and past the end every value is 0. Of what lies between, only windows within
  /// heard_from and heard_to are asked for.
  virtual std::map<std::string, double> analyse(double t) const = 0;

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Track>;
};

}  // namespace reverie
