#include "app/perceptor_cache.h"

#include <ATen/core/Tensor.h>

#include "app/plan.h"

namespace reverie::app {

using engine::HostServices;
using engine::identity_of;

namespace {

constexpr std::size_t kTextsKept = 256;

/// The next run may have other words, or the same.
class WithTexts final : public Perceptor {
 public:
  explicit WithTexts(std::shared_ptr<Perceptor> perceptor) : perceptor_(std::move(perceptor)) {}
  std::int64_t input_size() const override { return perceptor_->input_size(); }
  std::int64_t embedding_size() const override { return perceptor_->embedding_size(); }
  at::Tensor embed_images(const at::Tensor& images) override { return perceptor_->embed_images(images); }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    // Only for all of them together: one text's numbers may depend on those it is computed with.
    if (const auto known = embedded_.find(texts); known != embedded_.end()) return known->second.clone();
    if (embedded_.size() >= kTextsKept) embedded_.clear();
    return embedded_.emplace(texts, perceptor_->embed_texts(texts)).first->second.clone();
  }
  void release_text_encoder() override {}
  void* extension(std::string_view id) override { return perceptor_->extension(id); }

 private:
  std::shared_ptr<Perceptor> perceptor_;
  std::map<std::vector<std::string>, at::Tensor> embedded_;
};

}  // namespace

HostServices& PerceptorCache::host_for(const Settings& settings) {
  const HostServices::Options options{settings.get<std::string>("device"),
                                      0,
                                      installation_prefix() / "share/reverie/models",
                                      settings.get<std::string>("models_parent_dir"),
                                      settings.get<std::string>("precision"),
                                      access_};
  auto& host = hosts_[options.device + "\n" + options.models_parent_dir + "\n" + options.precision];
  if (!host) host = std::make_unique<HostServices>(options);
  return *host;
}

std::shared_ptr<Perceptor> PerceptorCache::get(const PluginFile& plugin, const Settings& params,
                                               const Perceptor::Setup& setup, const Settings& settings) {
  HostServices& host = host_for(settings);
  std::string key = plugin.path.string() + "\n" + (setup.weights ? identity_of(*setup.weights) : setup.name) +
                    "\n" + std::to_string(reinterpret_cast<std::uintptr_t>(&host));
  for (const std::string& name : params.names()) key += "\n" + name + ": " + params.find(name)->json();
  for (auto item = items_.begin(); item != items_.end(); ++item)
    if (item->key == key) {
      items_.splice(items_.begin(), items_, item);
      return items_.front().perceptor;
    }
  items_.push_front({key, std::make_shared<WithTexts>(create<Perceptor>(plugin, host, params, setup))});
  while (items_.size() > most_ && items_.back().perceptor.use_count() == 1) items_.pop_back();
  return items_.front().perceptor;
}

}  // namespace reverie::app
