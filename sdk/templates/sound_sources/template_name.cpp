/// template_name: tones, from a text file *.template_name of lines "frequency seconds".
///
/// The header to read is reverie/sound_source.h: it says how the sound is asked for.

#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN
#include <reverie/sound_source.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_loudness", 0.5).range(0, 1).help("amplitude of the tones"),
};

class TemplateNamePlugin final : public reverie::SoundSource {
 public:
  // Of several sources that accept a file, the first in alphabetical order gets it: accept your own files
  // only.
  static bool accepts(const std::filesystem::path& path) { return path.extension() == ".template_name"; }

  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : rate_(setup.rate), loudness_(params.get<double>("template_name_loudness")) {
    std::ifstream file(setup.path);
    for (Tone tone; file >> tone.frequency;) {
      if (!(file >> tone.seconds) || tone.frequency < 0 || tone.seconds <= 0) break;
      tones_.push_back(tone);
    }
    if (tones_.empty() || !file.eof())
      throw reverie::Error(reverie::ErrorKind::file,
                           "'" + setup.path.string() + "' does not consist of lines \"frequency seconds\"",
                           "line " + std::to_string(tones_.size() + 1) + " cannot be read");
  }

  // A piece may have any length; here each is at most a second, so that a long tone takes little memory.
  std::vector<float> next() override {
    std::vector<float> samples;
    while (tone_ < tones_.size() && samples.empty()) {
      const Tone& tone = tones_[tone_];
      const double length = tone.seconds * rate_;
      for (; sample_ < length && samples.size() < static_cast<std::size_t>(rate_); ++sample_) {
        const double angle = 2 * M_PI * std::fmod(tone.frequency * sample_ / rate_, 1.0);
        samples.push_back(static_cast<float>(loudness_ * std::sin(angle)));
      }
      if (sample_ >= length) {
        ++tone_;
        sample_ = 0;
      }
    }
    return samples;
  }

 private:
  struct Tone {
    double frequency = 0, seconds = 0;
  };

  int rate_;
  double loudness_;
  std::vector<Tone> tones_;
  std::size_t tone_ = 0;  // what comes next
  double sample_ = 0;     // of it
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::SoundSource, "template_name", "0.1", "tones", kParams);
