#pragma once
// Perceptors that stay loaded between runs.

#include <list>
#include <map>
#include <memory>
#include <string>

#include "engine/host_services.h"
#include "plugins/registry.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"

namespace reverie::app {

class PerceptorCache {
 public:
  /// At most so many stay when no run uses them; the one that was not used for longest goes first.
  /// `access`: which files they may read; none: any.
  explicit PerceptorCache(std::size_t most = 8, std::shared_ptr<const engine::FileAccess> access = nullptr)
      : most_(most), access_(std::move(access)) {}

  /// The perceptor for these weights, parameters, device and precision; loaded when there is none yet. It
  /// keeps its text encoder. Not for several runs at a time.
  std::shared_ptr<Perceptor> get(const PluginFile& plugin, const Settings& params,
                                 const Perceptor::Setup& setup, const Settings& settings);

 private:
  struct Item {
    std::string key;
    std::shared_ptr<Perceptor> perceptor;
  };
  engine::HostServices& host_for(const Settings& settings);

  std::size_t most_;
  std::shared_ptr<const engine::FileAccess> access_;
  std::map<std::string, std::unique_ptr<engine::HostServices>> hosts_;  // outlive their perceptors
  std::list<Item> items_;                                               // the one used last comes first
};

}  // namespace reverie::app
