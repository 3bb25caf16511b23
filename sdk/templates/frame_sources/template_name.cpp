/// template_name: frames of one colour each, from a text file *.template_name of lines "red green blue",
/// 0..1.
///
/// The header to read is reverie/frame_source.h: it says for each method when it is called and what it must
/// return.

#include <ATen/ATen.h>
#include <reverie/frame_source.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

#include <array>
#include <fstream>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::integer("template_name_side", 16)
        .range(1, 4096)
        .unit("pixels")
        .help("side of the square frames"),
};

class TemplateNamePlugin final : public reverie::FrameSource {
 public:
  // Of several sources that accept a file, the first in alphabetical order gets it: accept your own files
  // only.
  static bool accepts(const std::filesystem::path& path) { return path.extension() == ".template_name"; }

  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : rate_(setup.frames_per_second), side_(params.get<std::int64_t>("template_name_side")) {
    std::ifstream file(setup.path);
    const auto in_range = [](float value) { return value >= 0 && value <= 1; };
    for (std::array<float, 3> colour; file >> colour[0];) {
      if (!(file >> colour[1] >> colour[2])) break;
      if (!in_range(colour[0]) || !in_range(colour[1]) || !in_range(colour[2])) break;
      colours_.push_back(colour);
    }
    if (colours_.empty() || !file.eof())
      throw reverie::Error(
          reverie::ErrorKind::file,
          "'" + setup.path.string() + "' does not consist of lines \"red green blue\", 0 to 1",
          "line " + std::to_string(colours_.size() + 1) + " cannot be read");
  }

  // A file's own frames, one at each index, at whatever rate is asked for; a single one is a still.
  Info info() const override {
    return {{side_, side_}, colours_.size() > 1 ? rate_ : 0, static_cast<std::int64_t>(colours_.size())};
  }

  // Indexes come in any order. Past the end there is nothing.
  std::optional<at::Tensor> read(std::int64_t index) override {
    if (index < 0 || index >= static_cast<std::int64_t>(colours_.size())) return std::nullopt;
    at::Tensor frame = at::empty({1, 3, side_, side_}, at::kFloat);
    for (std::int64_t c = 0; c < 3; ++c)
      frame.select(1, c).fill_(colours_[static_cast<std::size_t>(index)][static_cast<std::size_t>(c)]);
    return frame;
  }

 private:
  double rate_;
  std::int64_t side_;
  std::vector<std::array<float, 3>> colours_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::FrameSource, "template_name", "0.1",
                      "frames of one colour each", kParams);
