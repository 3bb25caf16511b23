/// template_name: keeps a text file beside the pictures that says how far the run is.
///
/// The header to read is reverie/viewer.h: it says what an update holds, and what a viewer may ask of a run.

#include <reverie/atomic_file.h>  // create_folder_of, write_atomically
#include <reverie/plugin.h>       // REVERIE_EXPORT_PLUGIN
#include <reverie/viewer.h>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::integer("template_name_every", 10)
        .range(1, 1000000)
        .unit("steps")
        .help("how often it is written"),
};

class TemplateNamePlugin final : public reverie::Viewer {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : path_(setup.folder / (setup.base_name + "_template_name.txt")),
        all_(setup.steps),
        done_(setup.done),
        told_(setup.done),
        every_(params.get<std::int64_t>("template_name_every")) {}

  // On a thread of the viewer's own: the run does not wait for it. Several steps may have been done since the
  // last update. If it throws, a warning says so, and the run goes on without it.
  void update(const reverie::RunUpdate& update) override {
    if (!update.steps.empty()) {
      done_ = update.steps.back().number;
      seconds_ = update.steps.back().seconds;
    }
    const bool running = update.state == reverie::RunUpdate::State::running;
    if (running && done_ - told_ < every_) return;
    told_ = done_;
    const std::string text = "step " + std::to_string(done_) + " of " + std::to_string(all_) + ", " +
                             std::to_string(static_cast<std::int64_t>(seconds_)) + " s" +
                             (running ? "\n" : ": the run is over\n");
    reverie::create_folder_of(path_);
    reverie::write_atomically(path_, {text});
  }

 private:
  std::filesystem::path path_;
  std::int64_t all_, done_, told_, every_;
  double seconds_ = 0;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::Viewer, "template_name", "0.1",
                      "a text file of the progress", kParams);
