#include "engine/prompt_judge.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "engine/assignment.h"
#include "engine/glimpses.h"
#include "engine/losses.h"
#include "engine/memory.h"
#include "prompts/evaluate.h"

namespace reverie {
namespace {

/// Added to the distance to a picture. Pictures lie nearer to pictures than words do; this makes the same
/// weight mean about the same.
constexpr double kPictureOffset = 0.7;

/// For each of the places seen, the place of the prompt's picture that it is compared with: the assignment
/// with the least sum of distances between centres.
at::Tensor partners(const std::vector<CutoutPlace>& seen, const std::vector<CutoutPlace>& wanted) {
  const std::vector<std::size_t> matched = match_by_position(seen, wanted);
  return at::tensor(std::vector<std::int64_t>(matched.begin(), matched.end()));
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

std::string key(std::size_t prompt, std::size_t perceptor, const char* what) {
  return std::to_string(prompt) + "." + std::to_string(perceptor) + "." + what;
}

}  // namespace

PromptJudge::PromptJudge(HostServices& host, const std::vector<Member<Perceptor>>& perceptors,
                         const Moment& moment, const std::vector<Scene>& scenes, const LookSettings& settings,
                         const std::function<Footage(const std::string&)>& open)
    : host_(host), perceptors_(perceptors), moment_(moment), settings_(settings) {
  using Kind = PromptMask::Kind;
  for (const Scene& scene : scenes) {
    first_.push_back(wanted_.size());
    for (const Prompt& prompt : scene.prompts) {
      Wanted wanted;
      wanted.prompt = &prompt;
      if (prompt.picture) wanted.picture = open(prompt.text);
      if (prompt.mask.kind == Kind::picture || prompt.mask.kind == Kind::video)
        wanted.mask_picture = open(prompt.mask.what);
      wanted_.push_back(std::move(wanted));
    }
  }
  first_.push_back(wanted_.size());
  embed_words();
}

void PromptJudge::embed_words() {
  std::vector<std::string> texts;
  for (const Wanted& wanted : wanted_) {
    if (!wanted.prompt->picture) texts.push_back(wanted.prompt->text);
    if (wanted.prompt->mask.kind == PromptMask::Kind::phrase) texts.push_back(wanted.prompt->mask.what);
  }
  for (const auto& [name, perceptor] : perceptors_) {
    std::int64_t row = 0;
    const at::Tensor rows = texts.empty() ? at::Tensor() : perceptor->embed_texts(texts).detach();
    for (Wanted& wanted : wanted_) {
      if (!wanted.prompt->picture) wanted.words.push_back(rows.narrow(0, row++, 1));
      if (wanted.prompt->mask.kind == PromptMask::Kind::phrase)
        wanted.phrase.push_back(rows.narrow(0, row++, 1));
    }
    perceptor->release_text_encoder();
  }
  release_freed_memory();
}

void PromptJudge::begin_frame(const std::map<std::string, double>& values, std::int64_t video_frame) {
  for (Wanted& wanted : wanted_) {
    const Prompt& prompt = *wanted.prompt;
    const std::string whose = "prompt '" + prompt.written + "'";
    wanted.weight = evaluate(prompt.weight, values, whose, "weight");
    wanted.stop = evaluate(prompt.stop, values, whose, "stop");
    if (prompt.mask.cutoff) wanted.cutoff = evaluate(*prompt.mask.cutoff, values, whose, "mask's cutoff");
    if (std::isinf(wanted.weight))
      throw Error(ErrorKind::settings,
                  whose + ": the weight is infinite at t = " + std::to_string(values.at("t")));
    if (wanted.mask_picture && wanted.mask_picture->changes_at(video_frame))
      wanted.image_mask.emplace(wanted.mask_picture->mask(video_frame, prompt.mask.inverted));
    if (wanted.picture && wanted.picture->changes_at(video_frame)) {
      const at::NoGradGuard no_grad;
      const at::Tensor image = wanted.picture->image(video_frame).to(host_.device());
      wanted.looks.clear();
      for (std::size_t p = 0; p < perceptors_.size(); ++p)
        wanted.looks.push_back(look(p, image, settings_.cutouts / settings_.batches));
    }
  }
}

std::vector<PromptJudge::Active> PromptJudge::active(std::size_t scene, std::int64_t step,
                                                     std::int64_t interpolation_steps) const {
  std::vector<Active> result;
  for (const SceneShare& part : scene_shares(scene, step, interpolation_steps))
    for (std::size_t i = first_[part.scene]; i < first_[part.scene + 1]; ++i)
      if (wanted_[i].weight != 0 && part.share > 0) result.push_back({i, part.share});
  return result;
}

PromptJudge::Look PromptJudge::look(std::size_t p, const at::Tensor& image, std::int64_t count) {
  const auto& [name, perceptor] = perceptors_[p];
  const std::int64_t side = perceptor->input_size(), width = image.size(3), height = image.size(2);
  const std::vector<Cutout> cutouts =
      draw_cutouts(count, width, height, side, settings_.cutout, host_.cpu_generator());
  const Augmentation changes = draw_augmentation(count, side, host_.cpu_generator());
  const at::Tensor glimpses =
      take_glimpses(image, cutouts, side, settings_.cutout, changes, host_.generator());
  return {
      call_plugin(name, moment_, [&, &perceptor = *perceptor] { return perceptor.embed_images(glimpses); }),
      places_of(cutouts, width, height)};
}

at::Tensor PromptJudge::distances(const Wanted& wanted, std::size_t p, const Look& seen) const {
  if (!wanted.prompt->picture) return spherical_distance(seen.embeddings, wanted.words[p]).select(1, 0);
  const Look& target = wanted.looks[p];
  const at::Tensor order = partners(seen.places, target.places).to(target.embeddings.device());
  return paired_spherical_distance(seen.embeddings, target.embeddings.index_select(0, order)) +
         kPictureOffset;
}

MaskValues PromptJudge::mask_values(const Wanted& wanted, std::size_t p, const Look& seen) const {
  const PromptMask& mask = wanted.prompt->mask;
  switch (mask.kind) {
    case PromptMask::Kind::picture:
    case PromptMask::Kind::video:
      return (*wanted.image_mask)(seen.places);
    case PromptMask::Kind::phrase:
      return semantic_mask(spherical_distance(seen.embeddings.detach(), wanted.phrase[p]).select(1, 0),
                           wanted.cutoff);
    default:
      return direction_mask(mask.letter, seen.places, wanted.cutoff.value_or(0.5));
  }
}

PromptJudge::Verdict PromptJudge::judge(const at::Tensor& image, const std::vector<Active>& prompts) {
  Verdict verdict;
  verdict.losses.assign(prompts.size(), 0.0);
  verdict.held = !prompts.empty();
  if (prompts.empty()) return verdict;
  const double share =
      1.0 / static_cast<double>(settings_.batches * static_cast<std::int64_t>(perceptors_.size()));
  for (std::size_t p = 0; p < perceptors_.size(); ++p) {
    for (std::int64_t batch = 0; batch < settings_.batches; ++batch) {
      const Look seen = look(p, image, settings_.cutouts / settings_.batches);
      at::Tensor total = at::zeros({}, seen.embeddings.options());
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        const Wanted& wanted = wanted_[prompts[i].prompt];
        const PromptLoss loss =
            prompt_loss(distances(wanted, p, seen), wanted.weight, wanted.stop, mask_values(wanted, p, seen));
        total = total + loss.value * (prompts[i].share * share);
        verdict.losses[i] += loss.value.item<double>() * share;
        verdict.held = verdict.held && loss.held;
      }
      total.backward();
    }
  }
  return verdict;
}

std::map<std::string, at::Tensor> PromptJudge::state() const {
  std::map<std::string, at::Tensor> result;
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    for (std::size_t p = 0; p < wanted_[i].looks.size(); ++p) {
      result[key(i, p, "embeddings")] = wanted_[i].looks[p].embeddings;
      result[key(i, p, "places")] = as_tensor(wanted_[i].looks[p].places);
    }
  return result;
}

void PromptJudge::load_state(const std::map<std::string, at::Tensor>& state) {
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    for (std::size_t p = 0; p < wanted_[i].looks.size(); ++p) {
      Look& look = wanted_[i].looks[p];
      const auto embeddings = state.find(key(i, p, "embeddings")), places = state.find(key(i, p, "places"));
      // A prompt that was not there then is seen anew.
      if (embeddings == state.end() || places == state.end() ||
          embeddings->second.sizes() != look.embeddings.sizes() ||
          places->second.sizes() != at::IntArrayRef({look.embeddings.size(0), 4}))
        continue;
      look.embeddings = embeddings->second.to(look.embeddings.device());
      look.places = as_places(places->second);
    }
}

}  // namespace reverie
