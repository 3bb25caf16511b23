#include "engine/prompt_judge.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

#include "engine/assignment.h"
#include "engine/losses.h"
#include "engine/memory.h"

namespace reverie {
namespace {

/// Added to the distance to a picture. Pictures lie nearer to pictures than words do; this makes the same
/// weight mean about the same.
constexpr double kPictureOffset = 0.7;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

}  // namespace

PromptJudge::PromptJudge(HostServices& host, const Ensemble& ensemble, const Moment& moment,
                         const std::vector<Scene>& scenes, const LookSettings& settings,
                         const std::function<Footage(const std::string&)>& open)
    : host_(host),
      perceptors_(ensemble.perceptors),
      cutouts_(ensemble.cutouts),
      moment_(moment),
      settings_(settings) {
  using Kind = PromptMask::Kind;
  for (const Scene& scene : scenes) {
    first_.push_back(wanted_.size());
    for (const Prompt& prompt : scene.prompts) {
      Wanted wanted;
      wanted.prompt = &prompt;
      const auto footage = [&](const std::string& path) {
        Footage result = open(path);
        result.seek(0);  // that it cannot be decoded is to be known before the first scene, not in the last
        return result;
      };
      if (prompt.picture && prompt.when != When::after_moves) wanted.picture = footage(prompt.text);
      if (prompt.mask.kind == Kind::picture || prompt.mask.kind == Kind::video)
        wanted.mask_picture = footage(prompt.mask.what);
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
    const at::Tensor rows = call_plugin(name, moment_, [&, &perceptor = *perceptor] {
      return texts.empty() ? at::Tensor() : perceptor.embed_texts(texts).detach();
    });
    for (Wanted& wanted : wanted_) {
      if (!wanted.prompt->picture) wanted.words.push_back(rows.narrow(0, row++, 1));
      if (wanted.prompt->mask.kind == PromptMask::Kind::phrase)
        wanted.phrase.push_back(rows.narrow(0, row++, 1));
    }
    call_plugin(name, moment_, [&perceptor = *perceptor] { perceptor.release_text_encoder(); });
  }
  release_freed_memory();
}

void PromptJudge::start_from(const at::Tensor& picture) { held_ = picture; }

void PromptJudge::stabilise(const at::Tensor& moved, std::int64_t frame) {
  held_ = moved;
  held_frame_ = frame;
}

void PromptJudge::begin_step(const std::map<std::string, double>& values, std::int64_t video_frame) {
  values_ = values;
  video_frame_ = video_frame;
  for (Wanted& wanted : wanted_) wanted.current = false;
}

void PromptJudge::update(Wanted& wanted) {
  if (wanted.current) return;
  wanted.current = true;
  const Prompt& prompt = *wanted.prompt;
  wanted.weight = 0;
  if (prompt.when == When::before_moves && held_frame_ > 0) return;
  if (prompt.when == When::after_moves && !held_.defined()) return;
  const std::string whose = "prompt '" + prompt.written + "'";
  wanted.weight = evaluate(prompt.weight, values_, {whose, "weight", "0", true}, warnings_).value_or(0);
  if (wanted.weight == 0) return;
  wanted.stop = evaluate(prompt.stop, values_, {whose, "stop", "none"}, warnings_).value_or(-kInfinity);
  if (wanted.stop == kInfinity) {  // held, however far the picture is
    wanted.weight = 0;
    return;
  }
  if (prompt.mask.cutoff)
    wanted.cutoff = evaluate(*prompt.mask.cutoff, values_, {whose, "mask's cutoff", "none"}, warnings_);
  if (wanted.mask_picture) {
    const std::int64_t frame = wanted.mask_picture->seek(video_frame_);
    if (frame != wanted.masked_by) wanted.image_mask.emplace(wanted.mask_picture->mask(prompt.mask.inverted));
    wanted.masked_by = frame;
  }
  if (prompt.picture) {
    const std::int64_t frame = wanted.picture ? wanted.picture->seek(video_frame_) : held_frame_;
    if (frame == wanted.looked_at) return;
    const at::NoGradGuard no_grad;
    const at::Tensor image = (wanted.picture ? wanted.picture->image() : held_).to(host_.device());
    wanted.looks.clear();
    for (std::size_t p = 0; p < perceptors_.size(); ++p)
      wanted.looks.push_back(look(p, image, settings_.cutouts / settings_.batches));
    wanted.looked_at = frame;
  }
}

std::vector<PromptJudge::Active> PromptJudge::active(std::size_t scene, std::int64_t step,
                                                     std::int64_t interpolation_steps) {
  std::vector<Active> result;
  for (const SceneShare& part : scene_shares(scene, step, interpolation_steps)) {
    if (part.share <= 0) continue;
    for (std::size_t i = first_[part.scene]; i < first_[part.scene + 1]; ++i) {
      update(wanted_[i]);
      if (wanted_[i].weight != 0) result.push_back({i, part.share});
    }
  }
  return result;
}

PromptJudge::Look PromptJudge::look(std::size_t p, const at::Tensor& image, std::int64_t count) {
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
  if (prompts.empty()) return verdict;
  const double share =
      1.0 / static_cast<double>(settings_.batches * static_cast<std::int64_t>(perceptors_.size()));
  // Of each prompt: loss, and whether any cutout was let through and any was free. Read once, at the end: a
  // GPU need not be waited for before.
  const at::Tensor told =
      at::zeros({static_cast<std::int64_t>(prompts.size()), 3}, image.options().requires_grad(false));
  for (std::size_t p = 0; p < perceptors_.size(); ++p) {
    for (std::int64_t batch = 0; batch < settings_.batches; ++batch) {
      const Look seen = look(p, image, settings_.cutouts / settings_.batches);
      at::Tensor total = at::zeros({}, seen.embeddings.options());
      std::vector<at::Tensor> rows;
      for (const Active& active : prompts) {
        const Wanted& wanted = wanted_[active.prompt];
        const PromptLoss loss =
            prompt_loss(distances(wanted, p, seen), wanted.weight, wanted.stop, mask_values(wanted, p, seen));
        total = total + loss.value * (active.share * share);
        rows.push_back(at::stack({loss.value.detach() * share, loss.asked, loss.free}));
      }
      at::Tensor(told).add_(at::stack(rows));
      call_plugin(perceptors_[p].name, moment_, [&] { total.backward(); });
      call_plugin(cutouts_.name, moment_, [&] { seen.cutouts.backward(seen.seen.grad()); });
    }
  }
  const at::Tensor read = told.to(at::kCPU, at::kDouble);
  verdict.held = (read.select(1, 1) > 0).all().item<bool>() && (read.select(1, 2) == 0).all().item<bool>();
  for (std::int64_t i = 0; i < read.size(0); ++i) verdict.losses.push_back(read[i][0].item<double>());
  return verdict;
}

/// Names who looks at what: a look by another network or at another picture is none.
std::string PromptJudge::key(std::size_t prompt, std::size_t perceptor) const {
  return std::to_string(prompt) + "." + std::to_string(perceptor) + " " + perceptors_[perceptor].name + ": " +
         wanted_[prompt].prompt->text + " ";
}

std::map<std::string, at::Tensor> PromptJudge::state() const {
  std::map<std::string, at::Tensor> result;
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    for (std::size_t p = 0; p < wanted_[i].looks.size(); ++p) {
      result[key(i, p) + "embeddings"] = wanted_[i].looks[p].embeddings;
      result[key(i, p) + "places"] = as_tensor(wanted_[i].looks[p].places);
      result[key(i, p) + "frame"] = at::scalar_tensor(wanted_[i].looked_at, at::kLong);
    }
  return result;
}

void PromptJudge::load_state(const std::map<std::string, at::Tensor>& state) {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    std::vector<Look> looks;
    for (std::size_t p = 0; wanted_[i].prompt->picture && p < perceptors_.size(); ++p) {
      const auto embeddings = state.find(key(i, p) + "embeddings"), places = state.find(key(i, p) + "places"),
                 frame = state.find(key(i, p) + "frame");
      if (embeddings == state.end() || places == state.end() || frame == state.end() ||
          embeddings->second.size(0) != settings_.cutouts / settings_.batches ||
          places->second.scalar_type() != at::kDouble ||
          places->second.sizes() != at::IntArrayRef({embeddings->second.size(0), 4}))
        break;  // seen anew
      looks.push_back({embeddings->second.to(host_.device()), as_places(places->second)});
      wanted_[i].looked_at = frame->second.item<std::int64_t>();
    }
    if (looks.size() == perceptors_.size())
      wanted_[i].looks = std::move(looks);
    else
      wanted_[i].looked_at = -1;
  }
}

}  // namespace reverie
