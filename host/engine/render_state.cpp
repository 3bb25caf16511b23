// A run's state: what goes into its backups, and how it continues from one.

#include <algorithm>
#include <charconv>

#include "engine/render.h"

namespace reverie::engine {
namespace {

/// Puts copies of a part's tensors among a backup's, and takes them out again.
void put(Backup& backup, const std::string& part, const std::map<std::string, at::Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors)
    backup.tensors[part + "." + name] = tensor.detach().cpu().clone();
}
std::map<std::string, at::Tensor> take(const Backup& backup, const std::string& part) {
  std::map<std::string, at::Tensor> result;
  const std::string prefix = part + ".";
  for (const auto& [name, tensor] : backup.tensors)
    if (name.rfind(prefix, 0) == 0) result[name.substr(prefix.size())] = tensor;
  return result;
}

/// What a move may leave besides its picture, by name.
std::map<std::string, std::optional<at::Tensor>*> parts_of(AnimationMode::Move& move) {
  return {{"flow", &move.flow}, {"expected", &move.expected}, {"reliable", &move.reliable}};
}

std::int64_t number_in(const Backup& backup, const std::string& fact) {
  const auto found = backup.metadata.find(fact);
  if (found == backup.metadata.end())
    throw Error(ErrorKind::model, "the backup does not say its '" + fact + "'");
  // A checksum can be made by anybody: what it protects may still be nonsense.
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  const std::string& text = found->second;
  std::int64_t number = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size() || number < 0 || number > kMost)
    throw Error(ErrorKind::model, "the backup says that its '" + fact + "' is '" + text.substr(0, 40) + "'",
                "go on from an earlier backup: delete this one");
  return number;
}

}  // namespace

void check_position(std::int64_t number, const Backup& backup) {
  for (const char* fact : {"scene", "step", "steps"}) number_in(backup, fact);
  // The last picture of an interrupted run is not counted yet.
  const std::int64_t frames = number_in(backup, "frames");
  if (frames != number && frames + 1 != number)
    throw Error(ErrorKind::model, "its 'frames' is " + std::to_string(frames) + ", not its own number");
}

Backup Render::backup() {
  const MemoryScope memory(kBackupMemory);
  Backup backup;
  const auto& [name, instance] = ensemble_.model;
  put(backup, "model", call_plugin(name, result_.moment, [&] { return instance->state(); }));
  put(backup, "optimiser", optimiser_->state());
  put(backup, "prompts", prompt_losses_.state());
  put(backup, "losses", image_losses_.state());
  put(backup, "retouch", retouch_.state());
  put(backup, "loop", loop_.state());
  put(backup, "cadence", cadence_.state());
  put(backup, "opacity", opacity_.state());
  if (const auto& [animation, mode] = ensemble_.animation; mode)
    put(backup, "animation",
        call_plugin(animation, result_.moment, [&, &mode = *mode] { return mode.state(); }));
  if (move_.image.defined()) {
    std::map<std::string, at::Tensor> move = {{"before", before_move_}, {"image", move_.image}};
    for (const auto& [part, tensor] : parts_of(move_))
      if (*tensor) move[part] = **tensor;
    put(backup, "move", move);
  }
  for (const auto& [part, generator] : host_.generators()) backup.tensors[part] = generator.get_state();
  backup.metadata = {
      {"image_model", ensemble_.model.name},           {"optimiser", ensemble_.optimiser},
      {"scene", std::to_string(position_.scene)},      {"step", std::to_string(position_.step)},
      {"steps", std::to_string(result_.moment.steps)}, {"frames", std::to_string(result_.moment.frames)}};
  return backup;
}

void Render::restore(const Backup& backup) {
  const auto model = backup.metadata.find("image_model");
  if (model == backup.metadata.end() || model->second != ensemble_.model.name)
    throw Error(ErrorKind::model,
                "the backup is of a run with " +
                    (model == backup.metadata.end() ? std::string("another image model") : model->second) +
                    ", not with " + ensemble_.model.name,
                "restore it with the settings it was made with");
  position_ = {number_in(backup, "scene"), number_in(backup, "step")};
  result_.moment = {number_in(backup, "steps"), number_in(backup, "frames")};
  if (changes_) changes_->make_earlier(result_.moment.steps);
  const auto scenes = static_cast<std::int64_t>(script_.scenes.size());
  if (position_.scene >= scenes)
    throw Error(ErrorKind::settings,
                "the backup is of scene " + std::to_string(position_.scene + 1) + ", but 'scenes' has only " +
                    std::to_string(scenes),
                "restore it with all scenes that were done, and change or add later ones");
  const auto& [name, instance] = ensemble_.model;
  const auto misfit = [&](ErrorKind kind, const std::string& why) {
    return Error(kind, "the backup does not fit the settings: " + why,
                 "continue the run with the size and the settings of " + ensemble_.model.name +
                     " that it was made with");
  };
  // A backup is of the size that its last step had.
  if (growth_.is_on()) {
    growth_.begin(*instance, std::max<std::int64_t>(result_.moment.steps - 1, 0));
    resized();
  }
  try {
    instance->load_state(take(backup, "model"));
  } catch (const Error& error) {
    throw misfit(error.kind(), error.what());
  } catch (const c10::Error& error) {
    throw misfit(ErrorKind::plugin, error.what_without_backtrace());
  }
  if (const auto made_with = backup.metadata.find("optimiser");
      made_with != backup.metadata.end() && made_with->second != ensemble_.optimiser)
    throw Error(ErrorKind::model,
                "the backup is of a run with " + made_with->second + ", not with " + ensemble_.optimiser,
                "restore it with the 'optimiser' it was made with");
  optimiser_->load_state(take(backup, "optimiser"));
  // What the last step saw; how it was seen is in the backup, and so is what chance had in store for later.
  if (const auto& [animation, mode] = ensemble_.animation; mode)
    call_plugin(animation, result_.moment,
                [&, &mode = *mode] { mode.load_state(take(backup, "animation")); });
  const auto take_here = [&](const char* part) {
    auto tensors = take(backup, part);
    for (auto& [of_part, tensor] : tensors) tensor = tensor.to(host_.device());
    return tensors;
  };
  retouch_.load_state(take_here("retouch"));
  loop_.load_state(take_here("loop"));
  cadence_.load_state(take(backup, "cadence"));
  opacity_.load_state(take_here("opacity"));
  auto move = take_here("move");
  if (move.count("image") && move.count("before")) {
    before_move_ = move["before"];
    move_.image = move["image"];
    for (const auto& [part, tensor] : parts_of(move_))
      if (move.count(part)) *tensor = move[part];
  }
  if (result_.moment.steps > 0) hold_on_to_move(timeline_.frame_of(result_.moment.steps - 1));
  prompt_losses_.load_state(take(backup, "prompts"));
  image_losses_.load_state(take(backup, "losses"));
  if (!backup.tensors.count("random.cpu"))
    throw Error(ErrorKind::model, "the backup does not contain its random state");
  for (auto& [part, generator] : host_.generators()) {
    const auto state = backup.tensors.find(part);
    if (state != backup.tensors.end()) generator.set_state(state->second);
  }
  const bool on_gpu = !host_.device().is_cpu(), was_on_gpu = backup.tensors.count("random.device") > 0;
  if (on_gpu != was_on_gpu)
    host_.log(LogLevel::warning,
              "the run was interrupted on another kind of device: it goes on, but not bit for bit");
}

}  // namespace reverie::engine
