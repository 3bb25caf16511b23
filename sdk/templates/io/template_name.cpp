/// template_name: writes each frame as a PPM file.
///
/// The header to read is reverie/output_sink.h: it says for each method when it is called and what it must
/// return.

#include <ATen/ATen.h>
#include <reverie/atomic_file.h>  // create_folder_of, write_atomically
#include <reverie/output_sink.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::boolean("template_name_grey", false).help("write grey pictures"),
};

class TemplateNamePlugin final : public reverie::OutputSink {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : folder_(setup.folder), base_(setup.base_name), grey_(params.get<bool>("template_name_grey")) {}

  // A frame. The name of its file begins with base_name, so that runs in one folder stay apart.
  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    return save(image, "_" + std::to_string(number));
  }

  // A single picture that the artist asked for, beside the frames.
  std::optional<std::filesystem::path> keep(const at::Tensor& image, std::int64_t step) override {
    return save(image, "_step_" + std::to_string(step));
  }

 private:
  std::filesystem::path save(const at::Tensor& image, const std::string& ending) const {
    const std::filesystem::path path = folder_ / (base_ + ending + ".ppm");
    const at::Tensor colours = grey_ ? image.mean(1, /*keepdim=*/true).expand_as(image) : image;
    // From [1, 3, H, W] of 0..1 to rows of bytes. The picture itself is only read.
    const at::Tensor bytes =
        colours[0].mul(255).round().clamp(0, 255).to(at::kByte).permute({1, 2, 0}).contiguous();
    const std::string header =
        "P6\n" + std::to_string(bytes.size(1)) + " " + std::to_string(bytes.size(0)) + "\n255\n";
    reverie::create_folder_of(path);
    // Whole or not at all, and with the system's reason where it fails.
    reverie::write_atomically(path, {header,
                                     {reinterpret_cast<const char*>(bytes.const_data_ptr<std::uint8_t>()),
                                      static_cast<std::size_t>(bytes.numel())}});
    return path;
  }

  std::filesystem::path folder_;
  std::string base_;
  bool grey_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::OutputSink, "template_name", "0.1",
                      "each frame as a PPM file", kParams);
