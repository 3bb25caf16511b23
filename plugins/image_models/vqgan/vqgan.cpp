/// VQGAN: the picture is what a pretrained decoder makes of a grid of codes (Esser, Rombach & Ommer 2021;
/// optimised through CLIP as in Crowson et al. 2022).
///
/// The latent z is optimised. The decoder sees the nearest entries of the codebook, and z receives their
/// gradient. What is shown is an average of z over the latest steps, which is calmer than z itself.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "network.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resizable.h"
#include "reverie/resize.h"
#include "reverie/resized_gradients.h"
#include "reverie/tiling.h"
#include "tiles.h"

namespace reverie::vqgan {
namespace {

constexpr ParamSpec kParams[] = {
    text("vqgan_model", "sflckr")
        .names_weights("tiny")
        .help("the pretrained VQGAN: imagenet, coco, wikiart, sflckr, faceshq, openimages, tiny, or a file"),
    integer("pixel_size", 1)
        .range(1, 64)
        .unit("pixels")
        .fixed("what the image model optimises has this shape")
        .help("multiplies width and height"),
    integer("vqgan_tile", 0)
        .at_least(0)
        .unit("codes")
        .fixed("it decides how much memory the run takes")
        .help("the network works on tiles of so many codes a side, for pictures that are larger than the "
              "memory; 0: on "
              "the whole"),
    kTile,
};

// A picture that joins itself is decoded with codes of the opposite edge around it, which are cut off again.
constexpr std::int64_t kAround = kReach;

constexpr double kDecay = 0.99;  // of the average, a step

class Vqgan final : public ImageModel, public Resizable, public ResizesGradients {
 public:
  Vqgan(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        scale_(params.get<std::int64_t>("pixel_size")),
        tile_(params.get<std::int64_t>("vqgan_tile")),
        network_(load(host, params.get<std::string>("vqgan_model"))),
        across_(Tiling(params).x ? kAround : 0),
        down_(Tiling(params).y ? kAround : 0) {
    if (tile_ > 0 && tile_ < kLeastTile)
      throw Error(ErrorKind::settings,
                  "'vqgan_tile' is " + std::to_string(tile_) + " codes, but tiles reach over each other by " +
                      std::to_string(2 * kReach),
                  "choose at least " + std::to_string(kLeastTile) + ", or 0 for no tiles");
    take_size(setup);
    randomise();
  }

  void randomise() override {
    start_from(at::randint(network_->shape().codes, {1, z_.size(1), z_.size(2)}, host_.generator(),
                           z_.options().dtype(at::kLong)));
  }

  void encode(const at::Tensor& image) override { start_from(codes_of(image)); }

  void* extension(std::string_view id) override {
    if (id == ResizesGradients::kId) return static_cast<ResizesGradients*>(this);
    return id == Resizable::kId ? static_cast<Resizable*>(this) : nullptr;
  }
  void resize(const Setup& size) override {
    const at::Tensor before = decode_final();
    take_size(size);
    encode(before);
  }
  at::Tensor resize_gradients(std::size_t, const std::vector<at::Tensor>& values, int power) override {
    return spread_gradients(values[0].permute({0, 3, 1, 2}), z_.size(1), z_.size(2), power)
        .permute({0, 2, 3, 1});
  }

  std::vector<at::Tensor> parameters() override { return {z_}; }
  double learning_rate() const override { return network_->shape().gumbel ? 0.15 : 0.1; }

  at::Tensor decode() override { return picture(quantise(z_, current_codes())); }
  at::Tensor decode_final() override {
    at::NoGradGuard no_grad;
    const at::Tensor average = biased_ / (1 - remainder_);
    return picture(quantise(average, nearest_codes(average)));
  }

  void after_step() override {
    at::NoGradGuard no_grad;
    codes_ = at::Tensor();
    biased_ = biased_ * kDecay + z_ * (1 - kDecay);
    remainder_ *= kDecay;
  }

  std::optional<at::Tensor> latent() override { return quantise(z_, current_codes()); }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    return network_->embed(codes_of(image));
  }
  double latent_strength() const override { return 1; }

  std::map<std::string, at::Tensor> state() const override {
    return {{"z", z_.detach().clone()},
            {"biased", biased_.clone()},
            {"remainder", at::scalar_tensor(remainder_, at::kDouble)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto saved = [&](const char* name, at::IntArrayRef sizes) {
      const auto found = state.find(name);
      if (found == state.end() || found->second.sizes() != sizes)
        throw Error(ErrorKind::model, "the saved state is not of a VQGAN of this size");
      return found->second;
    };
    const at::Tensor z = saved("z", z_.sizes()), biased = saved("biased", z_.sizes()),
                     remainder = saved("remainder", {});
    assign(z);
    biased_ = biased.to(z_.options()).clone();
    remainder_ = remainder.item<double>();
  }

 private:
  static std::shared_ptr<const Network> load(Host& host, const std::string& name) {
    const auto weights = host.load_weights(name);
    return host.cached<Network>("vqgan", *weights, [&] {
      return std::make_shared<const Network>(*weights, host.device(), host.precision(), /*fixed=*/true);
    });
  }

  void take_size(const Setup& size) {
    const std::int64_t side = network_->shape().factor();
    const std::int64_t columns = size.width * scale_ / side, rows = size.height * scale_ / side;
    if (columns < 1 || rows < 1) {
      const std::string least = std::to_string((side + scale_ - 1) / scale_);
      throw Error(ErrorKind::settings,
                  "'width' and 'height' are " + std::to_string(size.width) + " and " +
                      std::to_string(size.height) + ", but a code of this VQGAN covers " +
                      std::to_string(side) + " x " + std::to_string(side) + " pixels",
                  "make both at least " + least + ", or use a larger pixel_size");
    }
    z_ = at::zeros({1, rows, columns, network_->shape().embedding},
                   at::TensorOptions(host_.device()).dtype(at::kFloat))
             .set_requires_grad(true);
    codes_ = at::Tensor();
  }

  at::Tensor nearest_codes(const at::Tensor& z) const {
    return network_->nearest_codes(z.permute({0, 3, 1, 2}));
  }

  /// Those of z_, searched for once in a step, however many losses compare the latent.
  const at::Tensor& current_codes() {
    if (!codes_.defined() || version_ != z_._version()) {
      codes_ = nearest_codes(z_);
      version_ = z_._version();
    }
    return codes_;
  }

  /// A latent [1, h, w, embedding] as its `codes`, as the decoder takes them: [1, embedding, h, w]. The
  /// latent receives their gradient.
  at::Tensor quantise(const at::Tensor& z, const at::Tensor& codes) const {
    const at::Tensor latent = z.permute({0, 3, 1, 2});
    return network_->embed(codes) + (latent - latent.detach());  // adds exactly nothing
  }

  at::Tensor picture(const at::Tensor& quantised) const {
    const at::Tensor decoded =
        tiled(joined_around(quantised, across_, down_), {1, network_->shape().factor()},
              [network = network_](const at::Tensor& part) { return network->decode(part); });
    return clamp_with_gradient((within(decoded, network_->shape().factor()) + 1) / 2, 0, 1);
  }

  at::Tensor codes_of(const at::Tensor& image) const {
    at::NoGradGuard no_grad;
    const std::int64_t side = network_->shape().factor();
    const at::Tensor source =
        lanczos_resize(image.to(z_.device(), at::kFloat), z_.size(1) * side, z_.size(2) * side);
    const at::Tensor around = joined_around(source, across_ * side, down_ * side);
    const at::Tensor encoded =
        tiled(around * 2 - 1, {side, 1}, [&](const at::Tensor& part) { return network_->encode(part); });
    return network_->choose_codes(within(encoded, 1));
  }

  template <typename Work>
  at::Tensor tiled(const at::Tensor& whole, TileScale scale, const Work& work) const {
    return tile_ > 0 ? in_tiles(whole, tile_, scale, work) : work(whole);
  }

  /// Without the codes of the opposite edges, `scale` pixels each.
  at::Tensor within(const at::Tensor& picture, std::int64_t scale) const {
    if (across_ == 0 && down_ == 0) return picture;
    return picture.narrow(2, down_ * scale, picture.size(2) - 2 * down_ * scale)
        .narrow(3, across_ * scale, picture.size(3) - 2 * across_ * scale);
  }

  void start_from(const at::Tensor& codes) {
    assign(network_->embed(codes).permute({0, 2, 3, 1}));
    biased_ = z_.detach() * (1 - kDecay);
    remainder_ = kDecay;
  }

  void assign(const at::Tensor& values) {
    at::NoGradGuard no_grad;
    z_.copy_(values);
  }

  Host& host_;
  std::int64_t scale_;
  std::int64_t tile_;  // codes a side; 0: none
  std::shared_ptr<const Network> network_;
  std::int64_t across_, down_;  // codes of the opposite edges around the picture
  at::Tensor z_;                // [1, h, w, embedding]
  at::Tensor codes_;
  std::int64_t version_ = 0;  // of z_ when codes_ were its nearest
  // The average of z since the start, weighted by kDecay^age. It begins at 0 and so falls short by the share
  // that is still missing: Kingma & Ba (2015), section 3.
  at::Tensor biased_;
  double remainder_ = 1;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Vqgan, ImageModel, "vqgan", "1.0", "a pretrained decoder's picture of a grid of codes",
                      kParams, "VQGAN");

}  // namespace reverie::vqgan
