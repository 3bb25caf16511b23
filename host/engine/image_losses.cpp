#include "engine/image_losses.h"

#include <ATen/ATen.h>

#include "losses/built_in.h"
#include "losses/weighted.h"
#include "prompts/evaluate.h"

namespace reverie {

ImageLosses::ImageLosses(const std::vector<DirectPrompt>& prompts, ImageModel& model, ImageSize size,
                         c10::Device device, const std::function<Footage(const std::string&)>& open)
    : device_(device) {
  for (const DirectPrompt& prompt : prompts) {
    Term term{&prompt, nullptr, std::nullopt, std::nullopt};
    if (prompt.edges)
      term.loss = make_edge_loss(size);
    else
      term.loss = model.latent_strength() >= 1 ? make_latent_loss(size) : make_direct_loss(size);
    // That a picture cannot be decoded is to be known now, whatever its weight.
    if (prompt.when != When::after_moves) term.picture.emplace(open(prompt.path)).seek(0);
    if (!prompt.mask.empty()) term.mask.emplace(open(prompt.mask)).seek(0);
    terms_.push_back(std::move(term));
  }
}

bool ImageLosses::counts(const Term& term) const {
  return term.prompt->when == When::always || (term.prompt->when == When::after_moves) == moved_;
}

void ImageLosses::stabilise(const at::Tensor& moved) {
  moved_ = true;
  for (Term& term : terms_)
    if (!term.picture) term.loss->set_target(moved);
}

void ImageLosses::begin_frame(const std::map<std::string, double>& values, std::int64_t video_frame) {
  for (Term& term : terms_) {
    if (!counts(term)) {
      term.weight = 0;
      continue;
    }
    const std::string whose = "'" + term.prompt->setting + "', '" + term.prompt->written + "'";
    term.weight = reverie::evaluate(term.prompt->weight, values, whose, "weight");
    term.stop = reverie::evaluate(term.prompt->stop, values, whose, "stop");
    if (term.weight == 0) continue;
    if (term.picture)
      if (const std::int64_t frame = term.picture->seek(video_frame); frame != term.target) {
        term.loss->set_target(term.picture->image().to(device_));
        term.target = frame;
      }
    if (!term.mask) continue;
    if (const std::int64_t frame = term.mask->seek(video_frame); frame != term.masked_by) {
      term.loss->set_mask(term.mask->mask(term.prompt->inverted).to(device_));
      term.masked_by = frame;
    }
  }
}

ImageLosses::Verdict ImageLosses::evaluate(const at::Tensor& image, ImageModel& model) {
  Verdict verdict;
  for (Term& term : terms_) {
    if (term.weight == 0) continue;
    bool held = false;
    const at::Tensor loss = weighted(term.loss->evaluate(image, model), term.weight, term.stop, &held);
    verdict.losses.emplace_back(term.prompt->path, loss.item<double>());
    verdict.held = verdict.held && held;
    loss.backward();
  }
  return verdict;
}

}  // namespace reverie
