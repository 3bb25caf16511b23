#pragma once
// Host: what the program offers its plugins.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "reverie/error.h"
#include "reverie/log_level.h"
#include "reverie/weights.h"

namespace reverie {

/// Outlives every plugin instance. All methods may be called from any thread, unless they say otherwise.
class REVERIE_PUBLIC Host {
 public:
  virtual ~Host() = default;

  /// One line, without a line break. Warnings are shown to the artist; use them sparingly.
  virtual void log(LogLevel level, std::string_view message) = 0;

  /// Where to compute. Tensors that cross the SDK live here unless a header says otherwise.
  virtual c10::Device device() const = 0;

  /// The dtype to compute networks in (float, bfloat16 or half). Images and optimised parameters are always
  /// float.
  virtual c10::ScalarType precision() const = 0;

  /// The run's random generator, seeded from the settings, on device(). Draw from it, and only on the thread
  /// that calls the plugin: the order of draws is part of what makes a run reproducible. LibTorch's own
  /// generators are seeded and restored as well.
  virtual at::Generator generator() = 0;

  /// Another one, on the CPU whatever device() is: for a few numbers that decide what to compute, which a GPU
  /// would have to be waited for. Where device() is the CPU, generator() is this one.
  virtual at::Generator cpu_generator() = 0;

  /// The local file for what a setting names: a path (`~` is the home folder), or an http or https
  /// address, which is downloaded once and kept in a cache. A relative path is looked for in the working
  /// directory, among what ships with the program (share/reverie/models) and in models_parent_dir. Throws
  /// Error(file) when there is none.
  virtual std::filesystem::path resolve_asset(const std::string& path_or_url) = 0;

  /// The picture that a path or address names (a video's first frame), [1, 3, H, W] 0..1 on device(),
  /// upright, alpha composited on black. Throws Error(file).
  virtual at::Tensor load_image(const std::string& path_or_url) = 0;

  /// Finds and opens a weights file: a path, or the name of a model that ships with the program or lies in
  /// the models folder. Nothing in it is executed. Throws Error(file) or Error(model).
  virtual std::shared_ptr<const Weights> load_weights(const std::string& name_or_path) = 0;

  /// An object that a plugin makes from a weights file, such as a network. A process that serves several runs
  /// reuses the one of an earlier run; else `make` is called, which returns a std::shared_ptr<const Object>.
  /// `what` is the plugin's name and all that the object depends on besides the file, device() and
  /// precision(). The object must not change, must not refer to this Host, and must allow use by two runs at
  /// a time.
  template <typename Object, typename Make>
  std::shared_ptr<const Object> cached(std::string_view what, const Weights& weights, Make&& make) {
    return std::static_pointer_cast<const Object>(
        cached_object(what, weights, [&]() -> std::shared_ptr<const void> { return make(); }));
  }

  /// True once the artist asked to stop; long work should then return early or throw.
  virtual bool cancelled() const = 0;

 protected:
  using MakeObject = std::function<std::shared_ptr<const void>()>;
  /// cached() without its type.
  virtual std::shared_ptr<const void> cached_object(std::string_view /*what*/, const Weights& /*weights*/,
                                                    const MakeObject& make) {
    return make();
  }
};

}  // namespace reverie
