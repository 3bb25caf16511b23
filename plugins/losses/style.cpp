/// Style: how far the picture's features are from another picture's, wherever they are.
///
/// A perceptor's network gives features F [C, P] at several depths: C numbers at each of P places of the
/// picture. Two measures compare them with those of the target, T, without regard to places:
///
///  * `gram`: the sum of squares of F F' / P - T T' / Q, as a part of that of T T' / Q
///    (Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016);
///  * `wasserstein`: both projected onto random directions of length 1 and sorted: the mean square of the
///    difference, as a part of the mean variance of T (Heitz et al., "A Sliced Wasserstein Loss for Neural
///    Texture Synthesis", 2021). The directions are others in each step, drawn from the step's number.
///
/// The value is the mean over the depths.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <charconv>

#include "reverie/features.h"
#include "reverie/loss.h"
#include "reverie/plugin.h"
#include "windows.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("style_measure", "wasserstein", "wasserstein|gram")
        .help("what is compared: the distribution of features, or only how they go together"),
    text("style_perceptor", "")
        .help("the one of 'perceptors' whose features are compared; empty: the first that offers some"),
    list("style_layers", "")
        .help("which of the network's depths count, from 1, the finest; without any, all"),
    integer("style_scale", 1)
        .range(1, 8)
        .fixed("the style of the target is measured once, in windows of this size")
        .help("windows along the shorter side: more for finer textures, at the square of the cost"),
};

constexpr std::int64_t kMostDirections = 64;
constexpr double kLeast = 1e-8;  // added to what is divided by

/// [N, C, h, w] to [C, N * h * w].
at::Tensor rows_of(const at::Tensor& features) { return features.transpose(0, 1).flatten(1); }

at::Tensor gram(const at::Tensor& rows) {
  return at::matmul(rows, rows.t()) / static_cast<double>(rows.size(1));
}

class Style final : public Loss, public UsesPerceptors {
 public:
  Style(Host&, const Params& params, const Setup&)
      : gram_(params.get<std::string>("style_measure") == "gram"),
        name_(params.get<std::string>("style_perceptor")),
        scale_(params.get<std::int64_t>("style_scale")) {
    for (const std::string& item : params.get<std::vector<std::string>>("style_layers")) {
      std::int64_t layer = 0;
      const auto [stop, error] = std::from_chars(item.data(), item.data() + item.size(), layer);
      if (error != std::errc() || stop != item.data() + item.size() || layer < 1)
        throw Error(ErrorKind::settings, "'style_layers' has '" + item + "', which is no number of a layer",
                    "write whole numbers from 1, the finest layer");
      layers_.push_back(layer);
    }
  }

  Traits traits() const override {
    Traits traits;
    traits.target = true;
    return traits;
  }

  void* extension(std::string_view id) override {
    return id == UsesPerceptors::kId ? static_cast<UsesPerceptors*>(this) : nullptr;
  }
  void set_perceptors(const std::vector<Named>& perceptors) override {
    perceptor_ = &choose_perceptor(perceptors, "style_perceptor", name_,
                                   "features to compare, as tiny_lit, CLIP and SigLIP have",
                                   [](Perceptor& each) { return extension_of<Features>(each) != nullptr; });
    features_ = extension_of<Features>(*perceptor_);
  }

  void set_target(const at::Tensor& image) override {
    const at::NoGradGuard no_grad;
    targets_.clear();
    if (!image.defined()) return;
    for (const at::Tensor& rows : look_at(image.detach()))
      targets_.push_back({gram_ ? gram(rows) : rows.clone(), rows.var(1, false).mean() + kLeast});
  }

  at::Tensor evaluate(const Context& context) override {
    if (targets_.empty()) return context.image.sum() * 0;
    const std::vector<at::Tensor> all = look_at(context.image);
    at::Tensor sum;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Target target = {targets_[i].rows.to(all[i].scalar_type()),
                             targets_[i].variance.to(all[i].scalar_type())};
      const at::Tensor value =
          gram_ ? (gram(all[i]) - target.rows).square().sum() / (target.rows.square().sum() + kLeast)
                : transport(all[i], target.rows, context.step) / target.variance;
      sum = sum.defined() ? sum + value : value;
    }
    return sum / static_cast<double>(all.size());
  }

 private:
  struct Target {
    at::Tensor rows;      // [C, Q], or their Gram matrix
    at::Tensor variance;  // mean over channels
  };

  /// The features [C, P] at each depth that counts.
  std::vector<at::Tensor> look_at(const at::Tensor& picture) const {
    if (!features_) throw Error(ErrorKind::plugin, "it was given no perceptor");
    const std::vector<at::Tensor> all =
        features_->features(windows_of(picture, perceptor_->input_size(), scale_));
    std::vector<at::Tensor> chosen;
    for (const std::int64_t layer : layers_) {
      if (layer > std::ssize(all))
        throw Error(ErrorKind::settings, "'style_layers' has " + std::to_string(layer) +
                                             ", but the perceptor has features at " +
                                             std::to_string(all.size()) + " depths");
      chosen.push_back(rows_of(all[static_cast<std::size_t>(layer - 1)]));
    }
    if (layers_.empty())
      for (const at::Tensor& features : all) chosen.push_back(rows_of(features));
    return chosen;
  }

  static at::Tensor transport(const at::Tensor& rows, const at::Tensor& target, std::int64_t step) {
    const at::Generator chance = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(step));
    at::Tensor directions =
        at::randn({std::min(rows.size(0), kMostDirections), rows.size(0)}, chance, at::kFloat);
    directions = (directions / directions.norm(2, 1, true).clamp_min(kLeast)).to(rows.options());
    const at::Tensor ours = std::get<0>(at::matmul(directions, rows).sort(1));
    at::Tensor theirs = std::get<0>(at::matmul(directions, target).sort(1));
    if (const std::int64_t count = ours.size(1), wanted = theirs.size(1); count != wanted) {
      // Of each of ours, the one of theirs with the same part of all before it.
      const at::Tensor place = ((at::arange(count, at::kDouble) + 0.5) * wanted / count).floor();
      theirs = theirs.index_select(1, place.to(at::kLong).clamp_max(wanted - 1).to(theirs.device()));
    }
    return (ours - theirs).square().mean();
  }

  bool gram_;
  std::string name_;
  std::int64_t scale_;
  std::vector<std::int64_t> layers_;  // from 1; empty: all
  Perceptor* perceptor_ = nullptr;
  Features* features_ = nullptr;  // of the perceptor
  std::vector<Target> targets_;   // for each depth that counts; none without a target
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Style, Loss, "style", "1.0",
                      "gives the picture another picture's style, by a perceptor's features", kParams);

}  // namespace reverie
