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
    Term term{&prompt, nullptr, open(prompt.path), std::nullopt, 0, 0};
    term.loss = model.latent_strength() >= 1 ? make_latent_loss(size) : make_direct_loss(size);
    if (!prompt.mask.empty()) term.mask = open(prompt.mask);
    terms_.push_back(std::move(term));
  }
}

void ImageLosses::begin_frame(const std::map<std::string, double>& values, std::int64_t video_frame) {
  for (Term& term : terms_) {
    const std::string whose = "picture prompt '" + term.prompt->written + "'";
    term.weight = reverie::evaluate(term.prompt->weight, values, whose, "weight");
    term.stop = reverie::evaluate(term.prompt->stop, values, whose, "stop");
    if (term.picture.changes_at(video_frame))
      term.loss->set_target(term.picture.image(video_frame).to(device_));
    if (term.mask && term.mask->changes_at(video_frame))
      term.loss->set_mask(term.mask->mask(video_frame, term.prompt->inverted).to(device_));
  }
}

std::vector<std::pair<std::string, double>> ImageLosses::evaluate(const at::Tensor& image,
                                                                  ImageModel& model) {
  std::vector<std::pair<std::string, double>> values;
  for (Term& term : terms_) {
    if (term.weight == 0) continue;
    const at::Tensor loss = weighted(term.loss->evaluate(image, model), term.weight, term.stop);
    values.emplace_back(term.prompt->path, loss.item<double>());
    loss.backward();
  }
  return values;
}

}  // namespace reverie
