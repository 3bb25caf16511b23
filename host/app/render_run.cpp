#include "app/render_run.h"

#include <chrono>

#include "app/run_plan.h"
#include "app/shared_run.h"
#include "app/steer_run.h"
#include "engine/backup.h"
#include "engine/card_kernels.h"
#include "engine/deterministic.h"
#include "engine/growth.h"
#include "engine/loop.h"
#include "engine/memory_report.h"
#include "engine/progress.h"
#include "engine/recorded_perceptor.h"
#include "engine/run_lock.h"
#include "engine/timeline.h"
#include "engine/viewers.h"
#include "log/printable.h"
#include "media/footage.h"

namespace reverie::app {

using engine::Backup;
using engine::Backups;
using engine::call_plugin;
using engine::Change;
using engine::ChangeLog;
using engine::changes_file;
using engine::check_position;
using engine::choose_output;
using engine::claim_mapped_file;
using engine::FrameWriter;
using engine::Growth;
using engine::HostServices;
using engine::LoggedAsEvents;
using engine::memory_line;
using engine::memory_news;
using engine::memory_table;
using engine::MemoryAccount;
using engine::MemoryScope;
using engine::newest_run;
using engine::note_steps_done;
using engine::OutputNames;
using engine::parse_backups_setting;
using engine::pictures_left_out;
using engine::Progress;
using engine::read_changes;
using engine::refuse_overtaken;
using engine::Render;
using engine::RenderResult;
using engine::RequestedControl;
using engine::Reservation;
using engine::RunDisplay;
using engine::RunEnd;
using engine::RunEvent;
using engine::RunEvents;
using engine::RunLock;
using engine::RunObserver;
using engine::RunPlace;
using engine::RunPlugins;
using engine::Timeline;
using engine::tools_of;
using engine::Viewers;
using engine::write_file;
using log::set_log_listener;
using log::shown;
using log::shown_line;
using media::Footage;

namespace {

/// Closes every sink, then throws the first failure. `end`: where the run has come to.
void close_all(const RunPlugins& ensemble, const RunPosition& end) {
  std::exception_ptr failure;
  RunPosition moment = end.in_last_step();
  if (moment.frames > 0) --moment.frames;  // the last one, not one that would follow
  for (const auto& [name, sink] : ensemble.sinks) {
    try {
      call_plugin(name, moment, [&sink = *sink] { sink.close(); });
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// For a run that has already failed.
void close_quietly(const RunPlugins& ensemble, const RunPosition& moment) {
  try {
    close_all(ensemble, moment);
  } catch (...) {
  }
}

/// The newest backup that is whole.
std::pair<std::int64_t, Backup> read_backup_of(const Backups& backups, HostServices& host,
                                               const OutputNames& output) {
  std::vector<std::string> notices;
  auto newest = backups.newest(notices, check_position);
  for (const std::string& notice : notices) host.log(LogLevel::warning, notice);
  if (!newest)
    throw Error(ErrorKind::file, "no backup of the run '" + output.base + "' can be read",
                "render it again from the start, without restore");
  host.log(LogLevel::info,
           "continuing '" + output.base + "' from its backup number " + std::to_string(newest->first));
  return std::move(*newest);
}

/// Weights that it cannot use are a mistake of the setting that names them.
std::shared_ptr<Perceptor> perceptor(const ChosenPerceptor& chosen, HostServices& host,
                                     const RunSettings& settings, const Plan& plan, PerceptorCache* shelf) {
  const Settings params = params_for(*chosen.plugin, settings);
  try {
    return shelf ? shelf->get(*chosen.plugin, params, chosen.setup, settings)
                 : create<Perceptor>(*chosen.plugin, host, params, chosen.setup);
  } catch (const PluginFault&) {
    throw;
  } catch (const Error& error) {
    const SettingValue* setting = plan.settings.find(chosen.setting);
    const bool about_weights = error.kind() == ErrorKind::model || !chosen.setup.weights;
    if (!about_weights || !setting || setting->is_default()) throw;
    throw SettingsError({{setting->location, "'" + chosen.setting + "': " + error.what() +
                                                 (error.advice().empty() ? "" : "; " + error.advice())}});
  }
}

/// The perceptors once more, for words that come later: their weights are opened again.
std::function<std::shared_ptr<Perceptor>(std::size_t)> text_encoders(const RunPlan& run_plan,
                                                                     const Plan& plan,
                                                                     PerceptorCache* shelf) {
  std::vector<ChosenPerceptor> all = run_plan.perceptors;
  std::vector<bool> has_weights;
  for (ChosenPerceptor& chosen : all) {
    has_weights.push_back(chosen.setup.weights != nullptr);
    chosen.setup.weights = nullptr;
  }
  return [all, has_weights, &run_plan, &plan, shelf](std::size_t index) {
    ChosenPerceptor chosen = all[index];
    if (has_weights[index]) chosen.setup.weights = run_plan.host->load_weights(chosen.setup.name);
    return perceptor(chosen, *run_plan.host, run_plan.settings, plan, shelf);
  };
}

/// What a run that goes on has changed before.
std::vector<Change> read_own_changes(const std::filesystem::path& file) {
  std::error_code none;
  return std::filesystem::exists(file, none) ? read_changes(file) : std::vector<Change>();
}

/// The scenes as the artist would write them, for those who watch.
std::vector<std::string> scene_texts(const Script& script) {
  std::vector<std::string> texts;
  for (const Scene& scene : script.scenes) {
    std::string& text = texts.emplace_back();
    for (const Prompt& prompt : scene.prompts)
      if (prompt.when != When::after_moves) text += (text.empty() ? "" : " | ") + shown_line(prompt.text);
  }
  return texts;
}

/// Says with displays who uses how much memory, as long as that takes but a small part of the run's time.
RunObserver memory_reports(MemoryAccount& account, HostServices& host, RunEvents& events) {
  using Clock = std::chrono::steady_clock;
  return [&, due = Clock::time_point()](const RunEvent& event) mutable {
    const Clock::time_point start = Clock::now();
    if (!std::holds_alternative<RunDisplay>(event) || start < due) return;
    const MemoryAccount::Report report = account.report();
    constexpr int kShare = 100;
    due = start + kShare * (Clock::now() - start);
    host.log(LogLevel::info, memory_line(report));
    events.publish(memory_news(report));
  };
}

}  // namespace

RunOutcome render_run(const Plan& given, const PluginRegistry& registry, const RunOptions& options) {
  distributed::Ranks* const ranks = options.ranks;
  const bool writes = !ranks || ranks->first();
  Plan plan = given;
  if (ranks) agree_on_settings(plan.settings, *ranks);
  std::optional<MemoryAccount> memory;
  if (plan.settings.get<bool>("approximate_vram_usage")) memory.emplace();
  RunPlan run_plan = choose_run_plan(plan, registry, options.on_terminal);
  const RunSettings& settings = run_plan.settings;
  HostServices& host = *run_plan.host;
  if (memory) memory->count_on(host.device());
  engine::use_deterministic_algorithms(settings.get<bool>("deterministic") && !host.device().is_cpu());

  const RunPlace place(settings);
  const bool overwrites =
      !plan.restored && (plan.again || options.output || settings.get<bool>("allow_overwrite"));
  std::optional<Reservation> reservation;
  if (writes && !overwrites && !plan.restored)
    plan.begins ? reservation.emplace(*plan.begins) : reservation.emplace(place);
  const OutputNames output = plan.restored    ? *plan.restored
                             : options.output ? *options.output
                             : plan.again     ? *plan.again
                             : reservation    ? reservation->names()
                                              : choose_output(place, true);
  std::optional<RunLock> lock;
  if (writes) lock.emplace(output);
  // Another process may have had it until now.
  if (const auto newest = writes && plan.again ? newest_run(place) : std::nullopt;
      newest && newest->has_backup && newest->base == output.base)
    refuse_overtaken(output);
  if (writes && options.begins) options.begins(output);
  const auto kept = parse_backups_setting(settings.get<std::string>("backups"));
  Backups backups(place, output.base, kept);
  std::optional<std::pair<std::int64_t, Backup>> backup;
  if (plan.restored) backup = read_backup_of(backups, host, output);

  RunPlugins ensemble;
  ensemble.ranks = ranks;
  if (ranks && ranks->use_cards(host.device(), &engine::card_function) && ranks->first())
    host.log(LogLevel::info, "ranks: gradients are exchanged between the cards by NCCL");
  host.seed_default_generators();
  for (const ChosenPerceptor& chosen : run_plan.perceptors) {
    const std::string name = title(*chosen.plugin) + " with " + chosen.setup.name;
    const MemoryScope its_own(name);
    if (chosen.setup.weights) claim_mapped_file(chosen.setup.weights->origin());
    ensemble.perceptors.push_back({name, perceptor(chosen, host, settings, plan, options.shelf)});
    if (chosen.weight) ensemble.perceptor_weights.push_back(*chosen.weight);
    if (settings.get<bool>("cuda_graphs") && !host.device().is_cpu()) {
      auto* const record = reinterpret_cast<engine::RecordWork*>(engine::card_function(engine::kRecordWork));
      auto& last = ensemble.perceptors.back().instance;
      if (record)
        last = engine::recorded(last, name, host, *record);
      else
        host.log(LogLevel::warning, "cuda_graphs needs a program that was built with REVERIE_CUDA");
    }
  }
  ensemble.text_encoder = text_encoders(run_plan, plan, options.shelf);
  run_plan.perceptors.clear();     // the weights' files need not stay open
  host.seed_default_generators();  // once more: perceptors may have been there already
  at::Tensor init_image;
  if (const auto path = settings.get<std::string>("init_image"); !path.empty())
    init_image = host.load_image(path);
  std::optional<MemoryScope> of_model(std::in_place, title(*plan.image_model));
  const ImageModel::Setup size = picture_size(run_plan, init_image);
  const std::int64_t steps =
      settings.get<std::int64_t>("steps_per_scene") * static_cast<std::int64_t>(plan.script.scenes.size());
  ensemble.model = {
      title(*plan.image_model),
      create<ImageModel>(*plan.image_model, host, params_for(*plan.image_model, settings), size)};
  Growth growth(settings, size, steps);
  growth.begin(*ensemble.model.instance, 0);
  of_model.reset();
  prepare_motion(ensemble, run_plan, plan, registry);
  of_model.emplace(title(*plan.image_model));
  if (!init_image.defined() && ensemble.animation.instance)
    if (const auto first = ensemble.animation.instance->first_image(tools_of(ensemble))) init_image = *first;
  if (!backup) {
    ensemble.model.instance->randomise();
    if (init_image.defined()) ensemble.model.instance->encode(init_image);
  }
  of_model.reset();
  const double frames_per_second = settings.get<double>("frames_per_second");
  ensemble.cutouts = {
      title(*plan.cutout_method),
      create<CutoutMethod>(*plan.cutout_method, host, params_for(*plan.cutout_method, settings),
                           {settings.get<std::int64_t>("cutouts")})};
  ensemble.optimiser = title(*plan.optimiser);
  ensemble.make_optimiser = [&](const Optimiser::Setup& setup) {
    return create<Optimiser>(*plan.optimiser, host, params_for(*plan.optimiser, settings), setup);
  };
  ensemble.make_loss = [&](const LossTerm& term, const Loss::Setup& setup) {
    auto loss = create<Loss>(*term.plugin, host, term.params, setup);
    engine::give_perceptors(*loss, ensemble.perceptors);
    return loss;
  };
  Render render(
      host, ensemble, settings, plan.script,
      [&](const std::string& path) { return Footage(run_plan.pictures->open(path, frames_per_second)); },
      run_plan.sound.get(), std::move(growth));
  if (init_image.defined()) render.start_from(init_image);
  init_image = at::Tensor();
  const auto control = options.control ? options.control : std::make_shared<RequestedControl>();
  control->set_values(changeable(plan));
  if (ranks) control->refuse_changes("a run that several processes share cannot be changed while it goes");
  const std::filesystem::path record = changes_file(place, output.base);
  const bool goes_on = plan.restored || plan.again || options.output;
  const std::vector<Change> own = goes_on ? read_own_changes(record) : std::vector<Change>();
  std::error_code none;
  render.steer_by({ScriptReviser(plan, registry, settings, run_plan.sound.get()), &plan.script,
                   ChangeLog(writes ? record : "", own), recorded_changes(plan, own)});
  const std::int64_t saved = backup ? backup->first : 0;
  if (backup) {
    render.restore(backup->second);
    backup.reset();
    if (render.is_done())
      host.log(LogLevel::warning, "the run '" + output.base + "' was finished already, after " +
                                      std::to_string(render.moment().steps) +
                                      " steps, and nothing is left to do; a larger steps_per_scene, or "
                                      "another scene, goes on with it, "
                                      "and without restore a new run begins");
  }

  if (ranks) compare_facts(*ranks, facts_of_run(*ranks, settings, host, ensemble, render.moment().steps));

  const std::string json = settings_json(settings);
  // Of less than 0, that much of the sound is over when the first picture is saved.
  const std::int64_t early = Timeline(settings).early_pictures(settings.get<std::int64_t>("save_every")) -
                             pictures_left_out(settings);
  for (const PluginFile* plugin : writes ? run_plan.sinks : std::vector<const PluginFile*>()) {
    const MemoryScope its_own(title(*plugin));
    ensemble.sinks.push_back({title(*plugin), create<OutputSink>(*plugin, host, params_for(*plugin, settings),
                                                                 {output.folder, output.base,
                                                                  frames_per_second, json, saved, early})});
  }
  // Only a run that can begin takes away what another of this name has left; a name that was free had
  // nothing.
  if (!goes_on && writes) std::filesystem::remove(record, none);
  if (overwrites && writes && saved == 0) backups.remove_all();
  if (writes) write_file(output.folder / (output.base + "_settings.txt"), json);

  if (!ranks) control->take_changes();
  Viewers viewers(host);
  const Viewer::Setup view{output.folder, output.base,           json,         scene_texts(plan.script),
                           steps,         render.moment().steps, control.get()};
  if (options.view) viewers.add("the server's view", options.view(view), control);
  for (const PluginFile* plugin : writes ? run_plan.viewers : std::vector<const PluginFile*>()) {
    try {
      viewers.add(title(*plugin), create<Viewer>(*plugin, host, params_for(*plugin, settings), view),
                  control);
    } catch (const Error& error) {
      host.log(LogLevel::warning, "the run goes on without " + title(*plugin) + ": " + error.what());
    }
  }
  const auto events = std::make_shared<RunEvents>();
  events->subscribe([](const RunEvent& event) {
    if (const auto* step = std::get_if<RunUpdate::Step>(&event)) note_steps_done(step->number);
  });
  Progress progress(steps, options.on_terminal, render.moment().steps);
  events->subscribe([&](const RunEvent& event) {
    const bool shown = !writes || viewers.show_progress() ||
                       (options.follow && !std::holds_alternative<RunUpdate::Message>(event));
    if (!shown) progress.show(event);
  });
  if (options.follow) events->subscribe(options.follow);
  FrameWriter frames(host, ensemble.sinks, kept == 0 || !writes ? nullptr : &backups, *events);
  events->subscribe([&](const RunEvent& event) { viewers.post(event); });
  if (memory) events->subscribe(memory_reports(*memory, host, *events));
  const LoggedAsEvents logged(events);
  const auto end = [&](RunUpdate::State state, const std::string& message = {}) {
    control->refuse_changes("the run has ended");
    events->publish(RunEnd{state, message});
    events->close();
    viewers.wait();
  };
  RunOutcome outcome;
  outcome.output = output;
  bool closed = false;
  try {
    static_cast<RenderResult&>(outcome) = render.run(*events, frames, *control);
    closed = true;  // or was tried: once is enough
    close_all(ensemble, render.moment());
    if (memory) {
      const MemoryAccount::Report report = memory->report();
      outcome.memory_at_peak = report.at_peak;
      events->publish(memory_news(report));
      for (const std::string& row : memory_table(report)) host.log(LogLevel::info, row);
    }
  } catch (const std::exception& error) {
    frames.stop();
    end(RunUpdate::State::failed, shown(error.what()));
    if (!closed) close_quietly(ensemble, render.moment());
    throw;
  }
  end(outcome.interrupted ? RunUpdate::State::interrupted : RunUpdate::State::finished);
  if (ranks) ranks->any(false);  // the next run may need what rank 0 has written
  return outcome;
}

}  // namespace reverie::app
