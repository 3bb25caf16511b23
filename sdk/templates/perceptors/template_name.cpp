/// template_name: places pictures and texts by their colour.
///
/// The header to read is reverie/perceptor.h: it says for each method when it is called and what it must
/// return. This perceptor needs no weights: runs choose it by its own name. One that does takes them from
/// Setup::weights, and says in accepts() which it understands; reverie/weights.h is how they are read, and
/// Host::cached() keeps what is made of them.

#include <ATen/ATen.h>
#include <reverie/perceptor.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

#include <array>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::integer("template_name_size", 16)
        .range(1, 1024)
        .unit("pixels")
        .help("side of the pictures seen"),
};

struct Colour {
  const char* name;
  std::array<float, 3> rgb;
};
constexpr Colour kColours[] = {{"red", {1, 0, 0}},    {"green", {0, 1, 0}},     {"blue", {0, 0, 1}},
                               {"yellow", {1, 1, 0}}, {"orange", {1, 0.5F, 0}}, {"purple", {0.5F, 0, 0.5F}},
                               {"white", {1, 1, 1}},  {"black", {0, 0, 0}}};
constexpr std::size_t kLongestText = 1000;

class TemplateNamePlugin final : public reverie::Perceptor {
 public:
  // Judged by names and metadata only. This one needs no weights and understands none.
  static bool accepts(const reverie::Weights&) { return false; }

  TemplateNamePlugin(reverie::Host& host, const reverie::Params& params, const Setup&)
      : host_(host), size_(params.get<std::int64_t>("template_name_size")) {}

  std::int64_t input_size() const override { return size_; }
  std::int64_t embedding_size() const override { return 4; }

  // At every step, differentiable: the mean colour, less grey. Embeddings need a direction, which a grey
  // picture has by the fourth number.
  at::Tensor embed_images(const at::Tensor& images) override {
    const at::Tensor colour = images.mean({2, 3}) - 0.5;
    return at::cat({colour, at::full_like(colour.narrow(1, 0, 1), kRest)}, 1);
  }

  // The mean of the colours whose names a text has; grey where it has none.
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    const at::Tensor rows = at::zeros({static_cast<std::int64_t>(texts.size()), 4}, at::kFloat);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].size() > kLongestText)
        throw reverie::Error(reverie::ErrorKind::settings,
                             "the text '" + texts[i].substr(0, 60) + "...' is too long for template_name",
                             "use at most " + std::to_string(kLongestText) + " bytes");
      std::array<float, 3> sum{};
      float found = 0;
      for (const Colour& colour : kColours) {
        if (texts[i].find(colour.name) == std::string::npos) continue;
        for (std::size_t c = 0; c < 3; ++c) sum[c] += colour.rgb[c] - 0.5F;
        ++found;
      }
      for (std::size_t c = 0; c < 3; ++c)
        rows[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(c)] = found > 0 ? sum[c] / found : 0;
    }
    rows.select(1, 3).fill_(kRest);
    return rows.to(host_.device());
  }

 private:
  static constexpr double kRest = 0.1;

  reverie::Host& host_;  // outlives the plugin
  std::int64_t size_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::Perceptor, "template_name", "0.1",
                      "likeness by mean colour", kParams);
