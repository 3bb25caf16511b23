#include "engine/prompt_losses.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/assignment.h"
#include "engine/losses.h"
#include "engine/memory.h"

namespace reverie::engine {

using media::Footage;
namespace {

/// Added to the distance to a picture. Pictures lie nearer to pictures than words do; this makes the same
/// weight mean about the same.
constexpr double kPictureOffset = 0.7;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// For each of the places seen, the place of the prompt's picture that it is compared with: the assignment
/// with the least sum of distances between centres. A smaller group leaves the last ones of `target` out.
at::Tensor partners(const std::vector<CutoutPlace>& seen, std::vector<CutoutPlace> target) {
  target.resize(seen.size());
  const std::vector<std::size_t> matched = match_by_position(seen, target);
  return at::tensor(std::vector<std::int64_t>(matched.begin(), matched.end()));
}

/// Where cutouts of a picture that was turned around are in the picture itself.
void turn_back(std::vector<CutoutPlace>& places, const PromptLosses::Turn& turn, const at::Tensor& image) {
  const auto within = [](double place, std::int64_t turn, std::int64_t size) {
    if (turn == 0) return place;
    const double back = place - static_cast<double>(turn) / static_cast<double>(size);
    return back - std::floor(back);
  };
  for (CutoutPlace& place : places) {
    place.x = within(place.x, turn.x, image.size(3));
    place.y = within(place.y, turn.y, image.size(2));
  }
}

at::Tensor as_tensor(const std::vector<CutoutPlace>& places) {
  std::vector<double> values;
  for (const CutoutPlace& place : places)
    values.insert(values.end(), {place.x, place.y, place.width, place.height});
  return at::tensor(values, at::kDouble).view({-1, 4});
}
std::vector<CutoutPlace> as_places(const at::Tensor& tensor) {
  std::vector<CutoutPlace> places;
  const auto values = tensor.accessor<double, 2>();
  for (std::int64_t i = 0; i < tensor.size(0); ++i)
    places.push_back({values[i][0], values[i][1], values[i][2], values[i][3]});
  return places;
}

}  // namespace

PromptLosses::PromptLosses(HostServices& host, const RunPlugins& ensemble, const RunPosition& moment,
                           const std::vector<Scene>& scenes, const CutoutCounts& settings,
                           const std::function<Footage(const std::string&)>& open)
    : host_(host),
      perceptors_(ensemble.perceptors),
      weights_over_time_(ensemble.perceptor_weights),
      weights_(perceptors_.size(), 1),
      cutouts_(ensemble.cutouts),
      moment_(moment),
      settings_(settings),
      open_(open),
      text_encoder_(ensemble.text_encoder),
      all_(opened(scenes)) {
  embed_words(all_, true);
}

PromptLosses::Prompts PromptLosses::opened(const std::vector<Scene>& scenes) const {
  using Kind = PromptMask::Kind;
  Prompts result;
  for (const Scene& scene : scenes) {
    result.first.push_back(result.states.size());
    for (const Prompt& prompt : scene.prompts) {
      PromptState prompt_state;
      prompt_state.prompt = &prompt;
      const auto footage = [&](const std::string& path) {
        Footage opened = open_(path);
        opened.seek(0);  // that it cannot be decoded is to be known before the first scene, not in the last
        return opened;
      };
      if (prompt.picture && prompt.when != When::after_moves) prompt_state.picture = footage(prompt.text);
      if (prompt.mask.kind == Kind::picture || prompt.mask.kind == Kind::video)
        prompt_state.mask_picture = footage(prompt.mask.what);
      if (!prompt.picture) result.texts.push_back(prompt.text);
      if (!prompt.towards.empty()) result.texts.push_back(prompt.towards);
      if (prompt.mask.kind == Kind::phrase) result.texts.push_back(prompt.mask.what);
      result.states.push_back(std::move(prompt_state));
    }
  }
  result.first.push_back(result.states.size());
  return result;
}

/// Later than at the beginning, perceptors have no text encoders any more: others are made for the occasion.
void PromptLosses::embed_words(Prompts& prompts, bool begins) {
  for (std::size_t p = 0; p < perceptors_.size(); ++p) {
    const auto& [name, perceptor] = perceptors_[p];
    const std::shared_ptr<Perceptor> encoder = begins || !text_encoder_ ? perceptor : text_encoder_(p);
    std::int64_t row = 0;
    const at::Tensor rows = call_plugin(name, moment_, [&] {
      return prompts.texts.empty() ? at::Tensor() : encoder->embed_texts(prompts.texts).detach();
    });
    for (PromptState& prompt_state : prompts.states) {
      if (!prompt_state.prompt->picture) prompt_state.words.push_back(rows.narrow(0, row++, 1));
      if (!prompt_state.prompt->towards.empty()) prompt_state.towards.push_back(rows.narrow(0, row++, 1));
      if (prompt_state.prompt->mask.kind == PromptMask::Kind::phrase)
        prompt_state.phrase.push_back(rows.narrow(0, row++, 1));
    }
    if (begins) call_plugin(name, moment_, [&perceptor = *perceptor] { perceptor.release_text_encoder(); });
  }
  release_freed_memory();
}

PromptLosses::Prepared PromptLosses::prepare(const std::vector<Scene>& scenes) {
  Prepared result;
  result.prompts_ = opened(scenes);
  if (result.prompts_.texts != all_.texts) {
    embed_words(result.prompts_, false);
    return result;
  }
  // The same words in the same order: each is one row for each perceptor.
  std::vector<std::vector<at::Tensor>> rows;
  for (const PromptState& prompt_state : prompts_) {
    if (!prompt_state.prompt->picture) rows.push_back(prompt_state.words);
    if (!prompt_state.prompt->towards.empty()) rows.push_back(prompt_state.towards);
    if (prompt_state.prompt->mask.kind == PromptMask::Kind::phrase) rows.push_back(prompt_state.phrase);
  }
  std::size_t row = 0;
  for (PromptState& prompt_state : result.prompts_.states) {
    if (!prompt_state.prompt->picture) prompt_state.words = rows[row++];
    if (!prompt_state.prompt->towards.empty()) prompt_state.towards = rows[row++];
    if (prompt_state.prompt->mask.kind == PromptMask::Kind::phrase) prompt_state.phrase = rows[row++];
  }
  return result;
}

void PromptLosses::take_over(Prepared prepared) {
  const std::map<std::string, at::Tensor> seen = state();
  all_ = std::move(prepared.prompts_);
  load_state(seen);
}

/// Pictures in prompts are seen in as many cutouts as a batch of the run's own picture.
std::int64_t PromptLosses::in_a_batch() const {
  if (settings_.groups == 0) return settings_.cutouts / settings_.batches;
  return (settings_.cutouts + settings_.groups - 1) / settings_.groups;
}

void PromptLosses::start_from(const at::Tensor& picture) { held_ = picture; }

void PromptLosses::stabilise(const at::Tensor& moved, std::int64_t frame) {
  held_ = moved;
  held_frame_ = frame;
}

void PromptLosses::begin_step(const std::map<std::string, double>& values, std::int64_t cutouts,
                              std::int64_t video_frame) {
  values_ = values;
  for (std::size_t p = 0; p < weights_over_time_.size(); ++p)
    weights_.at(p) = numbers_of(weights_over_time_[p], values_, warnings_)[0];
  settings_.cutouts = cutouts;
  video_frame_ = video_frame;
  for (PromptState& prompt_state : prompts_) prompt_state.current = false;
}

void PromptLosses::update(PromptState& prompt_state) {
  if (prompt_state.current) return;
  prompt_state.current = true;
  const Prompt& prompt = *prompt_state.prompt;
  prompt_state.weight = 0;
  if (prompt.when == When::before_moves && held_frame_ > 0) return;
  if (prompt.when == When::after_moves && !held_.defined()) return;
  const std::string whose = "prompt '" + prompt.written + "'";
  prompt_state.weight =
      reverie::evaluate(prompt.weight, values_, {whose, "weight", "0", true}, warnings_).value_or(0);
  if (prompt_state.weight == 0) return;
  prompt_state.stop =
      reverie::evaluate(prompt.stop, values_, {whose, "stop", "none"}, warnings_).value_or(-kInfinity);
  if (prompt_state.stop == kInfinity) {  // held, however far the picture is
    prompt_state.weight = 0;
    return;
  }
  if (prompt.mask.cutoff)
    prompt_state.cutoff =
        reverie::evaluate(*prompt.mask.cutoff, values_, {whose, "mask's cutoff", "none"}, warnings_);
  if (!prompt.towards.empty()) {
    const double share =
        reverie::evaluate(prompt.share, values_, {whose, "share", "0", true}, warnings_).value_or(0);
    prompt_state.between.clear();
    for (std::size_t p = 0; p < perceptors_.size(); ++p)
      prompt_state.between.push_back(
          share == 0 ? prompt_state.words[p]
                     : spherical_interpolation(prompt_state.words[p], prompt_state.towards[p], share));
  }
  if (prompt_state.mask_picture) {
    const std::int64_t frame = prompt_state.mask_picture->seek(video_frame_);
    if (frame != prompt_state.masked_by)
      prompt_state.image_mask.emplace(prompt_state.mask_picture->mask(prompt.mask.inverted));
    prompt_state.masked_by = frame;
  }
  if (prompt.picture) {
    const std::int64_t frame = prompt_state.picture ? prompt_state.picture->seek(video_frame_) : held_frame_;
    // Places are paired, so as many are needed as are seen.
    const bool as_many =
        std::all_of(prompt_state.pictures_seen.begin(), prompt_state.pictures_seen.end(),
                    [&](const EmbeddedCutouts& seen) { return std::ssize(seen.places) == in_a_batch(); });
    if (frame == prompt_state.seen_frame && as_many) return;
    const at::NoGradGuard no_grad;
    const at::Tensor image =
        (prompt_state.picture ? prompt_state.picture->image() : held_).to(host_.device());
    prompt_state.pictures_seen.clear();
    for (std::size_t p = 0; p < perceptors_.size(); ++p)
      prompt_state.pictures_seen.push_back(embed_cutouts(p, image, in_a_batch()));
    prompt_state.seen_frame = frame;
  }
}

std::vector<PromptLosses::Active> PromptLosses::active(std::size_t scene, std::int64_t step,
                                                       std::int64_t interpolation_steps) {
  std::vector<Active> result;
  for (const SceneShare& part : scene_shares(scene, step, interpolation_steps)) {
    if (part.share <= 0) continue;
    for (std::size_t i = all_.first[part.scene]; i < all_.first[part.scene + 1]; ++i) {
      update(prompts_[i]);
      if (prompts_[i].weight != 0) result.push_back({i, part.share});
    }
  }
  return result;
}

PromptLosses::EmbeddedCutouts PromptLosses::embed_cutouts(std::size_t p, const at::Tensor& image,
                                                          std::int64_t count) {
  const auto& [name, perceptor] = perceptors_[p];
  const std::int64_t side = perceptor->input_size();
  CutoutMethod::Batch batch =
      call_plugin(cutouts_.name, moment_, [&] { return cutouts_.instance->take(image, count, side); });
  // Two graphs, so that each plugin goes back through what it made.
  const bool leads_back = batch.images.requires_grad();
  const at::Tensor seen = leads_back ? batch.images.detach().set_requires_grad(true) : batch.images;
  const at::Tensor embeddings =
      call_plugin(name, moment_, [&, &perceptor = *perceptor] { return perceptor.embed_images(seen); });
  if (!leads_back) return {embeddings, std::move(batch.places)};
  return {embeddings, std::move(batch.places), batch.images, seen};
}

at::Tensor PromptLosses::distances(const PromptState& prompt_state, std::size_t p,
                                   const EmbeddedCutouts& seen) const {
  if (!prompt_state.prompt->picture)
    return spherical_distance(seen.embeddings,
                              (prompt_state.between.empty() ? prompt_state.words : prompt_state.between)[p])
        .select(1, 0);
  const EmbeddedCutouts& target = prompt_state.pictures_seen[p];
  const at::Tensor order = partners(seen.places, target.places).to(target.embeddings.device());
  return paired_spherical_distance(seen.embeddings, target.embeddings.index_select(0, order)) +
         kPictureOffset;
}

MaskValues PromptLosses::mask_values(const PromptState& prompt_state, std::size_t p,
                                     const EmbeddedCutouts& seen) const {
  const PromptMask& mask = prompt_state.prompt->mask;
  switch (mask.kind) {
    case PromptMask::Kind::picture:
    case PromptMask::Kind::video:
      return (*prompt_state.image_mask)(seen.places);
    case PromptMask::Kind::phrase:
      return semantic_mask(spherical_distance(seen.embeddings.detach(), prompt_state.phrase[p]).select(1, 0),
                           prompt_state.cutoff);
    default:
      return direction_mask(mask.letter, seen.places, prompt_state.cutoff.value_or(0.5));
  }
}

void PromptLosses::look(const at::Tensor& image, const std::vector<Active>& prompts, std::size_t p,
                        std::int64_t count, double share, const Turn& turn, const at::Tensor& sums) {
  EmbeddedCutouts seen = embed_cutouts(p, image, count);
  turn_back(seen.places, turn, image);
  at::Tensor total = at::zeros({}, seen.embeddings.options());
  std::vector<at::Tensor> rows;
  for (const Active& active : prompts) {
    const PromptState& prompt_state = prompts_[active.prompt];
    const PromptLoss loss = prompt_loss(distances(prompt_state, p, seen), prompt_state.weight,
                                        prompt_state.stop, mask_values(prompt_state, p, seen));
    total = total + loss.value * (active.share * share);
    rows.push_back(at::stack({loss.value.detach() * share, loss.asked, loss.free}));
  }
  at::Tensor(sums).add_(at::stack(rows));
  call_plugin(perceptors_[p].name, moment_, [&] { total.backward(); });
  call_plugin(cutouts_.name, moment_, [&] { seen.cutouts.backward(seen.seen.grad()); });
}

at::Tensor PromptLosses::look_in_batches(const at::Tensor& image, const std::vector<Active>& prompts,
                                         const Turn& turn) {
  const double share =
      1.0 / static_cast<double>(settings_.batches * static_cast<std::int64_t>(perceptors_.size()));
  const at::Tensor sums =
      at::zeros({static_cast<std::int64_t>(prompts.size()), 3}, image.options().requires_grad(false));
  for (std::size_t p = 0; p < perceptors_.size(); ++p)
    for (std::int64_t batch = 0; weights_[p] > 0 && batch < settings_.batches; ++batch)
      look(image, prompts, p, in_a_batch(), weights_[p] * share, turn, sums);
  return sums;
}

std::int64_t more_batches(std::int64_t cutouts, std::int64_t batches) {
  for (std::int64_t more = batches + 1; more <= cutouts; ++more)
    if (cutouts % more == 0) return more;
  return 0;
}

/// If memory does not suffice, the step begins again with the next number of batches, and the steps after it
/// keep that. Everything is put back before: the gradient, and what was drawn.
at::Tensor PromptLosses::look_in_batches_that_fit(const at::Tensor& image, const std::vector<Active>& prompts,
                                                  const Turn& turn) {
  if (settings_.automatic && settings_.cutouts % settings_.batches != 0)
    settings_.batches = more_batches(settings_.cutouts, settings_.batches);  // 'cutouts' may vary
  if (settings_.batches == 0) settings_.batches = settings_.cutouts;
  const at::Tensor before = settings_.automatic ? image.grad().clone() : at::Tensor();
  std::map<std::string, at::Tensor> drawn;
  if (settings_.automatic)
    for (const auto& [name, generator] : host_.generators()) drawn[name] = generator.get_state();
  for (;;) {
    std::string reason;
    try {
      return look_in_batches(image, prompts, turn);
    } catch (const PluginFault& fault) {
      // Within a step the device is there, so it is its memory.
      if (fault.kind() != ErrorKind::device) throw;
      reason = fault.what();
    }
    const std::int64_t more = more_batches(settings_.cutouts, settings_.batches);
    const std::string now = std::to_string(in_a_batch()) + " cutouts at a time",
                      device = host_.device().str();
    if (more == 0)
      throw Error(
          ErrorKind::device,
          "even one cutout at a time does not fit into the memory of " + device + ": " + reason,
          "smaller perceptors, or a smaller width and height, need less; the last backup is whole, so "
          "--restore goes on from there");
    if (!settings_.automatic)
      throw Error(
          ErrorKind::device, now + " do not fit into the memory of " + device + ": " + reason,
          "gradient_accumulation_steps=" + std::to_string(more) + " takes " +
              std::to_string(settings_.cutouts / more) +
              " at a time, and gradient_accumulation=auto as many as fit; the last backup is whole, so "
              "--restore goes on from there");
    settings_.batches = more;
    host_.log(LogLevel::info, "gradient_accumulation: " + now + " do not fit into the memory of " + device +
                                  "; from "
                                  "here on there are " +
                                  std::to_string(in_a_batch()));
    image.mutable_grad() = before.clone();
    for (auto& [name, generator] : host_.generators()) generator.set_state(drawn.at(name));
  }
}

/// The gradients of all groups and the sums of the prompts are in one tensor, so that ranks send only one.
at::Tensor PromptLosses::look_in_groups(const at::Tensor& image, const std::vector<Active>& prompts,
                                        const Turn& turn) {
  GroupRandomness randomness(host_, moment_.steps);
  const at::Tensor before = image.grad();
  const GroupClock::Lap lap(before);
  const auto rows = static_cast<std::int64_t>(prompts.size());
  const at::Tensor sum = sum_over_groups(settings_.groups, settings_.ranks, [&](std::int64_t group) {
    const std::int64_t count = cutouts_of_group(group, settings_.groups, settings_.cutouts);
    const double share =
        static_cast<double>(count) /
        static_cast<double>(settings_.cutouts * static_cast<std::int64_t>(perceptors_.size()));
    image.mutable_grad() = at::zeros_like(before);
    const at::Tensor sums = at::zeros({rows, 3}, before.options());
    randomness.begin(group);
    for (std::size_t p = 0; count > 0 && p < perceptors_.size(); ++p)
      if (weights_[p] > 0) look(image, prompts, p, count, weights_[p] * share, turn, sums);
    return at::cat({image.grad().flatten(), sums.flatten()});
  });
  lap.result(sum);
  image.mutable_grad() = before + sum.narrow(0, 0, before.numel()).view_as(before);
  return sum.narrow(0, before.numel(), rows * 3).view({rows, 3});
}

PromptLosses::Result PromptLosses::evaluate(const at::Tensor& image, const std::vector<Active>& prompts,
                                            const Turn& turn) {
  Result result;
  if (prompts.empty()) return result;
  const at::Tensor sums = settings_.groups > 0 ? look_in_groups(image, prompts, turn)
                                               : look_in_batches_that_fit(image, prompts, turn);
  // Once, at the end: a GPU need not be waited for before.
  const at::Tensor read = sums.to(at::kCPU, at::kDouble);
  result.stopped = (read.select(1, 1) > 0).all().item<bool>() && (read.select(1, 2) == 0).all().item<bool>();
  for (std::int64_t i = 0; i < read.size(0); ++i) result.losses.push_back(read[i][0].item<double>());
  return result;
}

/// Names the perceptor and the picture of an embedding, so that no other one is taken for it.
std::string PromptLosses::key(std::size_t prompt, std::size_t perceptor) const {
  return std::to_string(prompt) + "." + std::to_string(perceptor) + " " + perceptors_[perceptor].name + ": " +
         prompts_[prompt].prompt->text + " ";
}

std::map<std::string, at::Tensor> PromptLosses::state() const {
  std::map<std::string, at::Tensor> result;
  if (settings_.automatic) result["batches"] = at::scalar_tensor(settings_.batches, at::kLong);
  for (std::size_t i = 0; i < prompts_.size(); ++i)
    for (std::size_t p = 0; p < prompts_[i].pictures_seen.size(); ++p) {
      result[key(i, p) + "embeddings"] = prompts_[i].pictures_seen[p].embeddings;
      result[key(i, p) + "places"] = as_tensor(prompts_[i].pictures_seen[p].places);
      result[key(i, p) + "frame"] = at::scalar_tensor(prompts_[i].seen_frame, at::kLong);
    }
  return result;
}

void PromptLosses::load_state(const std::map<std::string, at::Tensor>& state) {
  if (const auto batches = state.find("batches"); batches != state.end() && settings_.automatic)
    settings_.batches = std::max<std::int64_t>(1, batches->second.item<std::int64_t>());
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    std::vector<EmbeddedCutouts> pictures_seen;
    for (std::size_t p = 0; prompts_[i].prompt->picture && p < perceptors_.size(); ++p) {
      const auto embeddings = state.find(key(i, p) + "embeddings"), places = state.find(key(i, p) + "places"),
                 frame = state.find(key(i, p) + "frame");
      if (embeddings == state.end() || places == state.end() || frame == state.end() ||
          places->second.scalar_type() != at::kDouble ||
          places->second.sizes() != at::IntArrayRef({embeddings->second.size(0), 4}))
        break;  // they are embedded again
      pictures_seen.push_back({embeddings->second.to(host_.device()), as_places(places->second)});
      prompts_[i].seen_frame = frame->second.item<std::int64_t>();
    }
    if (pictures_seen.size() == perceptors_.size())
      prompts_[i].pictures_seen = std::move(pictures_seen);
    else
      prompts_[i].seen_frame = -1;
  }
}

}  // namespace reverie::engine
