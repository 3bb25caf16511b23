#pragma once
// Viewer: shows a run in progress, on a thread of its own.
//
// Whatever a viewer does, the run's result is the same: it sees what happened and may ask for a pause or an
// end. The render never waits for it. A viewer that is slow finds several steps in its next update, and of
// the pictures only the newest; one that throws causes a warning and gets no further update.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/log_level.h"
#include "reverie/params.h"

namespace reverie {

/// What the artist may request of a run in progress. All methods may be called from any thread, at any time,
/// and return at once; the run does what was asked between two steps.
class REVERIE_PUBLIC RunControl {
 public:
  virtual ~RunControl() = default;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual bool paused() const = 0;
  /// The present picture as a file of its own, <base>_step_<n>.*; the run's frames and their numbers stay as
  /// they are.
  virtual void keep_picture() = 0;
  /// Ends the run as Ctrl-C does: the picture so far is saved, and the run can be restored.
  virtual void stop() = 0;
};

/// What happened since the last update.
struct RunUpdate {
  struct Loss {
    /// A prompt's value is its distance from the picture before the scene's fading, other values are parts of
    /// the sum that is made small.
    enum class Kind { prompt, picture, other };
    std::string name;  ///< the prompt as written, or what is measured
    double value;
    Kind kind = Kind::other;
    double share = 1;  ///< of a prompt: how far its scene has faded in, 0..1
  };
  struct Step {
    std::int64_t number;  ///< from 1, over all scenes, also over the parts of a restored run
    double seconds;       ///< since the run or its continuation began, pauses left out
    std::int64_t scene;   ///< from 0
    double t;             ///< what expressions see, in seconds
    std::vector<Loss> losses;
  };
  struct Picture {
    std::int64_t step;                  ///< steps done
    at::Tensor image;                   ///< [1, 3, H, W] 0..1 float32 on the CPU; read only
    std::optional<at::Tensor> palette;  ///< [1, 3, h, w] the image model's colours, where show_palette asks
  };
  struct File {
    std::filesystem::path path;
    std::int64_t number;  ///< of the frame, from 1; 0 for one that keep_picture() asked for
  };
  struct Memory {
    std::string component;     ///< the image model, a perceptor, losses, ...
    std::int64_t bytes, most;  ///< now and at most so far, in the memory of the run's device
  };
  struct Message {
    LogLevel level;
    std::string text;
  };
  enum class State { running, finished, interrupted, failed };

  std::vector<Step> steps;
  std::optional<Picture> picture;  ///< every display_every steps, and the last one
  std::vector<File> saved;
  std::vector<Memory> memory;     ///< empty: no news; else of all components
  std::vector<Message> messages;  ///< messages for the artist, for viewers that show the progress
  State state = State::running;
  std::string message;  ///< why it failed
};

class REVERIE_PUBLIC Viewer : public Extensible {
 public:
  static constexpr const char* kKind = "viewers";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`; it runs on the render's
  /// thread and should do little. If it throws, a warning says so, and the run goes on without it.
  struct Setup {
    std::filesystem::path folder;     ///< <output_dir>/<file_namespace>; may not exist yet
    std::string base_name;            ///< files are called <base_name>_*
    std::string settings;             ///< the run's resolved settings as JSON
    std::vector<std::string> scenes;  ///< the text of each scene
    std::int64_t steps;               ///< that the run has in all
    std::int64_t done;                ///< done before the run was restored; 0 for a new one
    RunControl* control;              ///< outlives the viewer
  };

  /// Called on the viewer's own thread, one call after another; may block as long as it likes. The last call
  /// has a state other than `running`; after it the viewer gets a few seconds to return before the host goes
  /// on without it.
  virtual void update(const RunUpdate& update) = 0;

  /// True: it shows the run's progress, the files that were saved and the messages where the host would show
  /// them, on standard error. The host then writes nothing there as long as the viewer lives, so that neither
  /// is in the other's way. Asked once, after it was made.
  virtual bool shows_progress() const { return false; }

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<RunUpdate, RunUpdate::Loss, RunUpdate::Step, RunUpdate::Picture, RunUpdate::File,
                             RunUpdate::Memory, RunUpdate::Message>;
};

}  // namespace reverie
