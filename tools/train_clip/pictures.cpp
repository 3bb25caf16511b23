#include "pictures.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <json/json.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "reverie/error.h"
#include "weights/safetensors.h"

namespace reverie::train_clip {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(ErrorKind::file, "cannot read '" + path.string() + "'",
                "run tools/prepare_pictures.py first");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Json::Value parse(const std::string& text, const std::string& where) {
  Json::Value value;
  std::string problems;
  std::istringstream stream(text);
  if (!Json::parseFromStream(Json::CharReaderBuilder(), stream, &value, &problems))
    throw Error(ErrorKind::file, where + ": " + problems);
  return value;
}

constexpr double kSyntheticShare = 0.35;

bool opaque_source(const Picture& picture) { return picture.source == "synthetic"; }

}  // namespace

Collection load_collection(const std::filesystem::path& folder) {
  Collection result;
  const auto tensors = weights::read_safetensors(folder / "pictures.safetensors");
  result.pixels = tensors->tensor("pictures");
  result.backgrounds = tensors->tensor("backgrounds");
  result.merges = read_text(folder / "merges.txt");

  std::istringstream lines(read_text(folder / "pictures.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json::Value entry = parse(line, "pictures.jsonl");
    Picture picture;
    for (const Json::Value& caption : entry["captions"]) picture.captions.push_back(caption.asString());
    picture.source = entry["source"].asString();
    picture.noun = entry["noun"].isString() ? entry["noun"].asString() : "";
    picture.group = entry["group"].asInt64();
    picture.held_out = entry["split"].asString() == "heldout";
    (picture.held_out ? result.held_out : result.training).push_back(std::int64_t(result.pictures.size()));
    result.pictures.push_back(std::move(picture));
  }
  if (std::int64_t(result.pictures.size()) != result.pixels.size(0))
    throw Error(ErrorKind::file,
                "pictures.jsonl and pictures.safetensors describe different numbers of pictures");

  std::istringstream nouns(read_text(folder / "nouns.txt"));
  for (std::string noun; std::getline(nouns, noun);)
    if (!noun.empty()) result.nouns.push_back(noun);
  const Json::Value colours = parse(read_text(folder / "colours.json"), "colours.json");
  for (const std::string& name : colours.getMemberNames()) {
    const Json::Value& rgb = colours[name];
    result.colours.push_back(
        {name, {rgb[0].asFloat() / 255, rgb[1].asFloat() / 255, rgb[2].asFloat() / 255}});
  }
  return result;
}

Composer::Composer(const Collection& collection, std::uint64_t seed)
    : data_(collection), random_(seed), generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

at::Tensor Composer::place(const std::vector<std::int64_t>& chosen, const at::Tensor& theta) {
  at::Tensor rgba =
      data_.pixels.index_select(0, at::tensor(chosen)).permute({0, 3, 1, 2}).to(at::kFloat) / 255;
  // Premultiplied, so that the interpolation does not bleed the colour of transparent pixels.
  rgba = at::cat({rgba.narrow(1, 0, 3) * rgba.narrow(1, 3, 1), rgba.narrow(1, 3, 1)}, 1);
  const at::Tensor grid = at::affine_grid_generator(theta, {theta.size(0), 4, kSide, kSide}, false);
  return at::grid_sampler(rgba, grid, /*bilinear*/ 0, /*zeros*/ 0, false);
}

at::Tensor Composer::background(std::int64_t kind, std::string* caption) {
  const auto pick = [&]() -> const auto& {
    return data_.colours[std::uniform_int_distribution<std::size_t>(0, data_.colours.size() - 1)(random_)];
  };
  const auto solid = [](const std::array<float, 3>& c) {
    return at::tensor({c[0], c[1], c[2]}).view({3, 1, 1}).expand({3, kSide, kSide});
  };
  if (kind == 0) return at::ones({3, kSide, kSide});
  if (kind == 1) {
    const auto& colour = pick();
    if (caption && uniform(0, 1) < 0.6) *caption += " on a " + colour.first + " background";
    return (solid(colour.second) + at::randn({3, 1, 1}, generator_) * 0.04).clamp(0, 1);
  }
  if (kind == 2) {
    const double angle = uniform(0, 2 * M_PI);
    const at::Tensor line = at::linspace(-1, 1, kSide);
    const at::Tensor ramp =
        ((line.view({1, -1}) * std::cos(angle) + line.view({-1, 1}) * std::sin(angle)) * 0.5 + 0.5)
            .clamp(0, 1);
    return at::rand({3, 1, 1}, generator_) * ramp + at::rand({3, 1, 1}, generator_) * (1 - ramp);
  }
  const auto m = std::uniform_int_distribution<std::int64_t>(0, data_.backgrounds.size(0) - 1)(random_);
  const auto x = std::uniform_int_distribution<std::int64_t>(0, data_.backgrounds.size(2) - kSide)(random_);
  const auto y = std::uniform_int_distribution<std::int64_t>(0, data_.backgrounds.size(1) - kSide)(random_);
  at::Tensor photo = data_.backgrounds[m].narrow(0, y, kSide).narrow(1, x, kSide).permute({2, 0, 1});
  return photo.to(at::kFloat) / 255;
}

at::Tensor Composer::disturb(at::Tensor images) {
  const std::int64_t n = images.size(0);
  const auto chance = [&](double p) { return at::rand({n, 1, 1, 1}, generator_) < p; };
  const auto symmetric = [&](double width) { return (at::rand({n, 1, 1, 1}, generator_) * 2 - 1) * width; };
  images = (images - 0.5) * (1 + symmetric(0.25)) + 0.5 + symmetric(0.1);
  images = images + (at::rand({n, 3, 1, 1}, generator_) - 0.5) * 0.08;
  const at::Tensor blurred = at::upsample_bilinear2d(at::avg_pool2d(images, 2), {kSide, kSide}, false);
  images = at::where(chance(0.25), blurred, images);
  // Random erasing, as the render's augmentation does.
  const at::Tensor line = at::arange(kSide, at::kFloat);
  const auto band = [&](at::Tensor axis) {
    const at::Tensor size = at::rand({n, 1, 1, 1}, generator_) * 24 + 12;
    const at::Tensor start = at::rand({n, 1, 1, 1}, generator_) * (kSide - size);
    return (axis >= start).logical_and(axis < start + size);
  };
  const at::Tensor hole = band(line.view({1, 1, 1, -1})).logical_and(band(line.view({1, 1, -1, 1})));
  images = images.masked_fill(hole.logical_and(chance(0.35)), 0.0);
  const at::Tensor noise = at::randn(images.sizes(), generator_);
  return images + noise * (at::rand({n, 1, 1, 1}, generator_) * 0.1 * chance(0.7));
}

Batch Composer::training_batch(std::int64_t size) {
  Batch batch;
  std::vector<std::int64_t> first, second;
  at::Tensor theta = at::empty({size, 2, 3}), theta2 = at::empty({size, 2, 3});
  std::vector<at::Tensor> grounds;
  // Synthetic pictures outnumber the drawings but are easier: each kind has a queue of its own.
  const auto draw = [&] {
    std::vector<std::int64_t>& queue = uniform(0, 1) < kSyntheticShare ? synthetic_queue_ : drawn_queue_;
    if (queue.empty()) {
      for (const std::int64_t index : data_.training)
        if (opaque_source(data_.pictures[std::size_t(index)]) == (&queue == &synthetic_queue_))
          queue.push_back(index);
      std::shuffle(queue.begin(), queue.end(), random_);
    }
    const std::int64_t index = queue.back();
    queue.pop_back();
    return index;
  };
  const auto caption_of = [&](const Picture& picture) {
    // The first captions are the plainest; prefer them.
    const double u = uniform(0, 1);
    return picture.captions[std::size_t(u * u * double(picture.captions.size()))];
  };
  const auto fill = [&](at::Tensor out, double fraction, double cx, double cy) {
    const double angle = uniform(-0.22, 0.22) * (uniform(0, 1) < 0.5), flip = uniform(0, 1) < 0.5 ? -1 : 1;
    const double c = std::cos(angle) / fraction, s = std::sin(angle) / fraction;
    auto a = out.accessor<float, 2>();
    a[0][0] = float(c * flip), a[0][1] = float(s * flip), a[0][2] = float(-(c * cx + s * cy) * flip);
    a[1][0] = float(-s), a[1][1] = float(c), a[1][2] = float(s * cx - c * cy);
  };
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t index = draw();
    const Picture& picture = data_.pictures[std::size_t(index)];
    std::string caption = caption_of(picture);
    first.push_back(index);
    std::int64_t other = index;
    const bool opaque = opaque_source(picture);
    bool paired = false;
    if (!opaque && uniform(0, 1) < 0.12) {
      other = draw();
      paired = !opaque_source(data_.pictures[std::size_t(other)]);
    }
    second.push_back(paired ? other : index);
    if (opaque) {
      const double fraction = uniform(1.1, 1.9), room = (fraction - 1.05) * 0.7;
      fill(theta[i], fraction, uniform(-room, room), uniform(-room, room));
      theta2[i] = theta[i];
    } else if (paired) {
      fill(theta[i], uniform(0.45, 0.62), uniform(-0.5, -0.38), uniform(-0.35, 0.35));
      fill(theta2[i], uniform(0.45, 0.62), uniform(0.38, 0.5), uniform(-0.35, 0.35));
      caption += " and " + caption_of(data_.pictures[std::size_t(other)]);
    } else {
      const double fraction = uniform(0.5, 1.35), room = 0.25;
      fill(theta[i], fraction, uniform(-room, room), uniform(-room, room));
      theta2[i] = theta[i];
    }
    const double u = uniform(0, 1);
    const std::int64_t kind = u < 0.25 ? 0 : u < 0.6 ? 1 : u < 0.75 ? 2 : 3;
    grounds.push_back(background(kind, opaque || paired ? nullptr : &caption));
    batch.captions.push_back(std::move(caption));
    batch.groups.push_back(paired ? -1 - i : picture.group);
  }
  at::Tensor images = at::stack(grounds);
  for (const at::Tensor& layer : {place(second, theta2), place(first, theta)})
    images = images * (1 - layer.narrow(1, 3, 1)) + layer.narrow(1, 0, 3);
  batch.images = disturb(images);
  return batch;
}

std::pair<at::Tensor, std::vector<std::int64_t>> Composer::labelled_held_out() {
  std::vector<std::int64_t> chosen, labels;
  for (const std::int64_t index : data_.held_out) {
    if (opaque_source(data_.pictures[std::size_t(index)])) continue;
    const auto found =
        std::find(data_.nouns.begin(), data_.nouns.end(), data_.pictures[std::size_t(index)].noun);
    if (found == data_.nouns.end()) continue;
    chosen.push_back(index);
    labels.push_back(found - data_.nouns.begin());
  }
  at::Tensor theta = at::zeros({std::int64_t(chosen.size()), 2, 3});
  theta.select(1, 0).select(1, 0).fill_(1 / 0.9);
  theta.select(1, 1).select(1, 1).fill_(1 / 0.9);
  const at::Tensor layer = place(chosen, theta);
  return {1 - layer.narrow(1, 3, 1) + layer.narrow(1, 0, 3), labels};
}

}  // namespace reverie::train_clip
