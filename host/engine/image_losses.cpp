#include "engine/image_losses.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "losses/built_in.h"
#include "losses/weighted.h"

namespace reverie {

ImageLosses::ImageLosses(const std::vector<DirectPrompt>& prompts, ImageModel& model, ImageSize size,
                         c10::Device device, const std::function<Footage(const std::string&)>& open,
                         const AnimationMode::Tools& tools)
    : device_(device), tools_(tools) {
  using Measure = DirectPrompt::Measure;
  for (const DirectPrompt& prompt : prompts) {
    Term term{&prompt, nullptr, std::nullopt, std::nullopt, std::nullopt};
    switch (prompt.measure) {
      case Measure::pixels:
        term.loss = model.latent_strength() >= 1 ? make_latent_loss(size) : make_direct_loss(size);
        break;
      case Measure::edges:
        term.loss = make_edge_loss(size);
        break;
      case Measure::depth:
        if (!tools.depth || !tools.depth->differentiable())
          throw Error(ErrorKind::settings, "'" + prompt.setting + "' needs a depth estimator with gradients",
                      "name another one in depth_model");
        term.loss = make_depth_loss(size, *tools.depth);
        break;
      case Measure::flow:
        term.flow.emplace(size, tools.flow);
        break;
    }
    // That a picture cannot be decoded is to be known now, whatever its weight.
    if (prompt.when != When::after_moves) term.picture.emplace(open(prompt.path)).seek(0);
    if (!prompt.mask.empty()) term.mask.emplace(open(prompt.mask)).seek(0);
    terms_.push_back(std::move(term));
  }
}

bool ImageLosses::counts(const Term& term) const {
  switch (term.prompt->when) {
    case When::before_moves:
      return !moved_;
    case When::after_moves:
      return moved_ || (started_ && !term.flow);
    default:
      return true;
  }
}

void ImageLosses::start_from(const at::Tensor& picture) {
  started_ = true;
  for (Term& term : terms_)
    if (!term.picture && !term.flow) term.loss->set_target(picture);
}

void ImageLosses::stabilise(const at::Tensor& before, const AnimationMode::Move& move) {
  moved_ = true;
  for (Term& term : terms_) {
    if (term.flow) {
      if (move.flow && !move.expected && !(tools_.flow && tools_.flow->differentiable()))
        throw Error(ErrorKind::settings,
                    "'" + term.prompt->setting + "' needs a flow estimator with gradients here",
                    "name another one in flow_model, such as horn_schunck");
      term.flow->set_move(before, move);
    } else if (!term.picture)
      term.loss->set_target(move.image);
  }
}

void ImageLosses::begin_step(const std::map<std::string, double>& values, std::int64_t video_frame) {
  for (Term& term : terms_) {
    if (!counts(term)) {
      term.weight = 0;
      continue;
    }
    const std::string whose = "'" + term.prompt->setting + "', '" + term.prompt->written + "'";
    term.weight =
        reverie::evaluate(term.prompt->weight, values, {whose, "weight", "0", true}, warnings_).value_or(0);
    if (term.weight == 0) continue;
    term.stop = reverie::evaluate(term.prompt->stop, values, {whose, "stop", "none"}, warnings_)
                    .value_or(-std::numeric_limits<double>::infinity());
    if (std::isinf(term.stop) && term.stop > 0) term.weight = 0;  // held, whatever the loss
    if (term.weight == 0) continue;
    if (term.picture)
      if (const std::int64_t frame = term.picture->seek(video_frame); frame != term.target) {
        term.loss->set_target(term.picture->image().to(device_));
        term.target = frame;
      }
    show_mask(term, video_frame);
  }
}

void ImageLosses::show_mask(Term& term, std::int64_t video_frame) {
  if (!term.mask) return;
  const std::int64_t frame = term.mask->seek(video_frame);
  if (frame == term.masked_by) return;
  const at::Tensor mask = term.mask->mask(term.prompt->inverted).to(device_);
  term.flow ? term.flow->set_mask(mask) : term.loss->set_mask(mask);
  term.masked_by = frame;
}

std::optional<at::Tensor> ImageLosses::flow_mask(std::int64_t video_frame) {
  for (Term& term : terms_) {
    if (!term.flow || !term.mask) continue;
    show_mask(term, video_frame);
    return term.flow->mask();
  }
  return std::nullopt;
}

std::map<std::string, at::Tensor> ImageLosses::state() const {
  std::map<std::string, at::Tensor> result;
  for (std::size_t i = 0; i < terms_.size(); ++i)
    if (terms_[i].flow && terms_[i].flow->expected_latent().defined())
      result[std::to_string(i) + ".expected_latent"] = terms_[i].flow->expected_latent();
  return result;
}

void ImageLosses::load_state(const std::map<std::string, at::Tensor>& state) {
  for (std::size_t i = 0; i < terms_.size(); ++i)
    if (const auto found = state.find(std::to_string(i) + ".expected_latent");
        found != state.end() && terms_[i].flow)
      terms_[i].flow->set_expected_latent(found->second.to(device_));
}

ImageLosses::Verdict ImageLosses::evaluate(const at::Tensor& image, ImageModel& model) {
  Verdict verdict;
  for (Term& term : terms_) {
    if (term.weight == 0) continue;
    bool held = false;
    const at::Tensor value =
        term.flow ? term.flow->evaluate(image, model) : term.loss->evaluate(image, model);
    const at::Tensor loss = weighted(value, term.weight, term.stop, &held);
    verdict.losses.emplace_back(term.prompt->path, loss.item<double>());
    verdict.held = verdict.held && held;
    loss.backward();
  }
  return verdict;
}

}  // namespace reverie
