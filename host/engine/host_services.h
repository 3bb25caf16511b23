#pragma once
// The Host that plugins of one run see.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "engine/file_access.h"
#include "engine/network_cache.h"
#include "reverie/host.h"

namespace reverie::engine {

/// Set by the signal handler: the artist wants the run to end.
extern std::atomic<bool> interrupted;

class HostServices final : public Host {
 public:
  struct Options {
    std::string device;  ///< as the setting `device`
    std::uint64_t seed = 0;
    std::filesystem::path models;                        ///< models that ship with the program
    std::string models_parent_dir;                       ///< as the setting
    std::string precision = "fp32";                      ///< as the setting
    std::shared_ptr<const FileAccess> access = nullptr;  ///< none: settings may name any file
    std::shared_ptr<NetworkCache> networks = nullptr;    ///< none: kept() makes everything again
    std::filesystem::path beside = {};  ///< the settings file's folder, for messages; empty: the working one
  };
  /// Throws Error(device) when the device is not there, Error(settings) when it has no such precision.
  explicit HostServices(const Options& options);

  /// A warning of the same words is said once.
  void log(LogLevel level, std::string_view message) override;
  c10::Device device() const override { return device_; }
  c10::ScalarType precision() const override { return precision_; }
  at::Generator generator() override { return generator_; }
  std::filesystem::path resolve_asset(const std::string& path_or_url) override;
  at::Tensor load_image(const std::string& path_or_url) override;
  std::shared_ptr<const Weights> load_weights(const std::string& name_or_path) override;
  /// What load_image() does from now on; Pictures sets it. Empty: nothing, and it throws Error(unsupported).
  void load_images_with(std::function<at::Tensor(const std::string&)> load) { load_image_ = std::move(load); }
  bool cancelled() const override { return interrupted; }

  at::Generator cpu_generator() override { return cpu_generator_; }

  /// The run's.
  std::uint64_t seed() const { return options_.seed; }

  /// LibTorch's own generators, which a plugin's at::rand() draws from, start at the run's seed. They belong
  /// to the process: to be called when a run begins.
  void seed_default_generators();

  /// All that a run draws from, LibTorch's own included, by the name that a backup has for it.
  std::map<std::string, at::Generator> generators();

  /// Names of the models that ship with the program and lie in no folder of their own, sorted: perceptors.
  std::vector<std::string> shipped_models() const;

  /// The file that load_weights() would open; nothing where there is none.
  std::optional<std::filesystem::path> find_weights(const std::string& name_or_path) const;

  /// The files that resolve_asset() and load_weights() have given out, each once, in the order of their first
  /// use.
  std::vector<std::filesystem::path> used_files() const;

 private:
  void note_used(const std::filesystem::path& file);
  std::filesystem::path find_asset(const std::string& path_or_url);
  std::string hint_at_file_beside(const std::filesystem::path& written) const;
  std::vector<std::filesystem::path> weights_candidates(const std::string& name_or_path) const;
  Options options_;
  c10::Device device_;
  c10::ScalarType precision_;
  std::shared_ptr<const void> cached_object(std::string_view what, const Weights& weights,
                                            const MakeObject& make) override;
  at::Generator generator_, cpu_generator_;
  std::function<at::Tensor(const std::string&)> load_image_;
  std::mutex warned_mutex_;
  std::set<std::string, std::less<>> warned_;
  mutable std::mutex used_mutex_;
  std::vector<std::filesystem::path> used_;
  std::set<std::string> used_names_;  // of used_
};

/// `auto`, `fp32`, `bf16` or `fp16` to what a device computes in. Throws Error(settings) for fp16 on a CPU.
c10::ScalarType choose_precision(const std::string& setting, c10::Device device);

/// How many cards LibTorch can use here.
int card_count();

/// `auto`, `cpu`, `cuda`, `cuda:N` or `N` to a device that exists.
c10::Device choose_device(const std::string& setting);

}  // namespace reverie::engine
