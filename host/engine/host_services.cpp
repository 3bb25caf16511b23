#include "engine/host_services.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/nearest.h"
#include "distributed/environment.h"
#include "engine/card_kernels.h"
#include "engine/memory_account.h"
#include "log/log.h"
#include "log/printable.h"
#include "media/web_file.h"
#include "models/catalogue.h"
#include "reverie/cpu.h"
#include "reverie/ordinary_file.h"
#include "weights/open.h"
#include "weights/with_metadata.h"

namespace reverie::engine {

using log::printable_line;
using log::require_printable_name;
using log::write_log;
using media::fetch_web_file;
using media::is_web_address;
using media::path_of_file_address;
using media::WebFileOptions;
using models::by_hand;
using models::CatalogueEntry;
using models::expand_home;
using models::families_of_own_names;
using models::fetch_command;
using models::find_model;
using models::model_catalogue;
using models::model_path;
using models::models_without_address;
using models::size_text;
using weights::open_weights;

std::atomic<bool> interrupted{false};

int card_count() { return at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0; }

c10::Device choose_device(const std::string& setting) {
  const std::string word = lower(setting);
  const int count = card_count();
  if (word == "cpu") return c10::kCPU;
  // Ranks on one machine take one card each.
  const int own = count > 0 ? static_cast<int>(distributed::local_rank() % count) : 0;
  if (word == "auto")
    return count > 0 ? c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(own)) : c10::Device(c10::kCPU);
  std::string index = word == "cuda"                ? std::to_string(own)
                      : word.rfind("cuda:", 0) == 0 ? word.substr(5)
                                                    : word;
  if (index.empty() || index.size() > 3 || index.find_first_not_of("0123456789") != std::string::npos)
    throw Error(ErrorKind::settings, "'device' is '" + setting + "'; allowed: auto, cpu, cuda, cuda:N or N");
  // The reference's files all say 0, also those that are to run on a laptop.
  if (index == word && count == 0) return c10::kCPU;
  const int wanted = std::stoi(index);
  if (wanted >= count)
    throw Error(ErrorKind::device,
                "'device' is '" + setting + "', but " +
                    (at::hasCUDA() ? "there are " + std::to_string(count) + " CUDA devices"
                                   : std::string("this LibTorch was built or installed without CUDA")),
                "use device: cpu, or auto");
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(wanted));
}

c10::ScalarType choose_precision(const std::string& setting, c10::Device device) {
  const bool native = !device.is_cpu() || native_bfloat16();
  if (setting == "auto") return native ? c10::kBFloat16 : c10::kFloat;
  if (setting == "bf16") return c10::kBFloat16;
  if (setting == "fp32") return c10::kFloat;
  if (device.is_cpu())
    throw Error(ErrorKind::settings, "'precision' is fp16, which needs a GPU; the device is the CPU",
                std::string("use precision: ") + (native ? "bf16" : "fp32") + ", or auto");
  return c10::kHalf;
}

namespace {

/// Sorted; none if there is no such folder.
std::vector<std::filesystem::path> folders_of(const std::filesystem::path& parent) {
  std::vector<std::filesystem::path> folders;
  std::error_code error, ignored;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_directory(ignored)) folders.push_back(entry->path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

HostServices::HostServices(const Options& options)
    : options_(options),
      device_(choose_device(options.device)),
      precision_(choose_precision(options.precision, device_)),
      cpu_generator_(at::make_generator<at::CPUGeneratorImpl>(options.seed)) {
  if (device_.is_cpu() && !options.device.empty() &&
      std::isdigit(static_cast<unsigned char>(options.device[0])))
    log(LogLevel::info, "device: there is no GPU " + options.device + "; using the CPU");
  if (device_.is_cpu() && precision_ == c10::kBFloat16 && !native_bfloat16())
    log(LogLevel::warning, "precision: bf16 is slow here, because this processor has no instructions for it");
  if (device_.is_cpu()) {
    generator_ = cpu_generator_;
  } else {
    load_card_kernels();
    generator_ = at::detail::getCUDAHooks().getNewGenerator(device_.index());
    generator_.set_current_seed(options.seed);
  }
}

std::map<std::string, at::Generator> HostServices::generators() {
  at::Context& torch = at::globalContext();
  std::map<std::string, at::Generator> result = {{"random.cpu", cpu_generator_},
                                                 {"random.default.cpu", torch.defaultGenerator(c10::kCPU)}};
  if (!device_.is_cpu()) {
    result["random.device"] = generator_;
    result["random.default.device"] = torch.defaultGenerator(device_);
  }
  return result;
}

void HostServices::seed_default_generators() {
  for (auto& [name, generator] : generators())
    if (name.rfind("random.default.", 0) == 0) generator.set_current_seed(options_.seed);
}

void HostServices::log(LogLevel level, std::string_view message) {
  if (level == LogLevel::warning) {
    // The same sound is heard by filters and by the run's video.
    const std::lock_guard lock(warned_mutex_);
    if (!warned_.emplace(message).second) return;
  }
  // Lines of a plugin's own could pass for messages of the program.
  write_log(level, printable_line(message));
}

std::shared_ptr<const void> HostServices::cached_object(std::string_view what, const Weights& weights,
                                                        const MakeObject& make) {
  if (!options_.networks) return make();
  return options_.networks->get(std::string(what) + "\n" + identity_of(weights) + "\n" + device_.str() +
                                    "\n" + c10::toString(precision_),
                                make);
}

std::vector<std::filesystem::path> HostServices::used_files() const {
  const std::lock_guard lock(used_mutex_);
  return used_;
}

void HostServices::note_used(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;
  const std::lock_guard lock(used_mutex_);
  if (used_names_.insert(file.string()).second) used_.push_back(file);
}

std::filesystem::path HostServices::resolve_asset(const std::string& path_or_url) {
  std::filesystem::path file = find_asset(path_or_url);
  note_used(file);
  return file;
}

std::filesystem::path HostServices::find_asset(const std::string& path_or_url) {
  require_printable_name(path_or_url);
  if (is_web_address(path_or_url)) {
    if (options_.access) options_.access->require_download(path_or_url);
    WebFileOptions options;
    options.cancelled = &interrupted;
    options.note = [this](const std::string& note) { log(LogLevel::info, note); };
    return fetch_web_file(path_or_url, options);
  }
  const bool file_address = lower(path_or_url.substr(0, 7)) == "file://";
  if (!file_address && path_or_url.find("://") != std::string::npos)
    throw Error(ErrorKind::file, "'" + path_or_url + "' is an address of a kind that cannot be read",
                "addresses begin with http://, https:// or file://");
  const std::filesystem::path written =
      file_address ? path_of_file_address(path_or_url) : expand_home(path_or_url);
  std::vector<std::filesystem::path> candidates = {written};
  if (written.is_relative()) {
    candidates.push_back(options_.models / written);
    candidates.push_back(expand_home(options_.models_parent_dir) / written);
  }
  std::string message = "there is no file";
  if (options_.access) options_.access->require(written, path_or_url);
  for (const std::filesystem::path& path : candidates) {
    std::error_code ignored;  // a name that no file can have is a name that none has
    const bool allowed = !options_.access || options_.access->allows(path);
    if (allowed && std::filesystem::exists(path, ignored)) return path;
    message += (path == written ? " '" : ", nor '") + path.string() + "'";
    if (path == written && path.is_relative())
      message += " in the working directory, '" + std::filesystem::current_path(ignored).string() + "'";
  }
  throw Error(ErrorKind::file, message, hint_at_file_beside(written));
}

/// Where a relative path leads from the settings file's folder, and there is such a file, how to write it;
/// else empty.
std::string HostServices::hint_at_file_beside(const std::filesystem::path& written) const {
  const std::filesystem::path there = (options_.beside / written).lexically_normal();
  std::error_code ignored;
  if (options_.beside.empty() || !written.is_relative() || !std::filesystem::exists(there, ignored) ||
      (options_.access && !options_.access->allows(there)))
    return "";
  return "there is '" + there.string() +
         "' beside the settings file, but paths in it are those of the working directory: write '" +
         there.string() + "'";
}

at::Tensor HostServices::load_image(const std::string& path_or_url) {
  if (!load_image_)
    throw Error(ErrorKind::unsupported, "'" + path_or_url + "' cannot be read: this run has no pictures");
  return load_image_(path_or_url);
}

std::vector<std::string> HostServices::shipped_models() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(options_.models, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".safetensors") names.push_back(entry->path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::filesystem::path> HostServices::weights_candidates(const std::string& name_or_path) const {
  const std::filesystem::path written = expand_home(name_or_path);
  const std::filesystem::path parent = expand_home(options_.models_parent_dir);
  std::vector<std::filesystem::path> candidates = {written,
                                                   options_.models / (name_or_path + ".safetensors")};
  for (const std::filesystem::path& folder : folders_of(options_.models))
    candidates.push_back(folder / (name_or_path + ".safetensors"));
  candidates.push_back(parent / "reverie" / (name_or_path + ".safetensors"));
  for (const auto& [family, extension] : families_of_own_names())
    candidates.push_back(parent / family / (name_or_path + extension));
  for (const CatalogueEntry& entry : models_without_address())
    if (lower(entry.name) == lower(name_or_path))
      candidates.push_back(model_path(entry, options_.models_parent_dir));
  if (const CatalogueEntry* published = find_model(name_or_path))
    candidates.push_back(model_path(*published, options_.models_parent_dir));
  return candidates;
}

std::optional<std::filesystem::path> HostServices::find_weights(const std::string& name_or_path) const {
  for (const std::filesystem::path& path : weights_candidates(name_or_path)) {
    std::error_code ignored;  // a name that no file can have is a name that none has
    const bool allowed = !options_.access || options_.access->allows(path);
    if (allowed && std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return std::nullopt;
}

namespace {

/// What the list of models says of the file, where it is one of them and does not say so itself: for the
/// plugin `clip`, the activation is `clip.activation`.
std::shared_ptr<const Weights> with_published_facts(std::shared_ptr<const Weights> weights,
                                                    const std::filesystem::path& path,
                                                    const std::string& models_parent_dir) {
  for (const CatalogueEntry& entry : model_catalogue()) {
    std::error_code ignored;
    if (entry.activation.empty() ||
        !std::filesystem::equivalent(path, model_path(entry, models_parent_dir), ignored))
      continue;
    const std::string plugin = entry.used_by.substr(entry.used_by.find('/') + 1);
    return std::make_shared<weights::WithMetadata>(
        std::move(weights), std::map<std::string, std::string>{{plugin + ".activation", entry.activation}});
  }
  return weights;
}

}  // namespace

std::shared_ptr<const Weights> HostServices::load_weights(const std::string& name_or_path) {
  require_printable_name(name_or_path);
  if (const auto path = find_weights(name_or_path)) {
    claim_mapped_file(*path);
    note_used(*path);
    return with_published_facts(open_weights(*path), *path, options_.models_parent_dir);
  }
  const std::vector<std::filesystem::path> candidates = weights_candidates(name_or_path);
  if (options_.access)
    for (const std::filesystem::path& path : candidates) options_.access->require(path, path.string());
  std::error_code ignored;
  if (std::filesystem::exists(candidates[0], ignored)) require_ordinary_file(candidates[0], "weights");
  const CatalogueEntry* published = find_model(name_or_path);
  if (published)
    throw Error(ErrorKind::file,
                "the model '" + published->name + "' is not installed: there is no file '" +
                    candidates.back().string() + "'",
                fetch_command(*published, options_.models_parent_dir) + " downloads it (" +
                    size_text(published->bytes) + ")");
  for (const CatalogueEntry& entry : models_without_address())
    if (lower(entry.name) == lower(name_or_path))
      throw Error(ErrorKind::file,
                  "the model '" + entry.name + "' is not installed: there is no file '" +
                      model_path(entry, options_.models_parent_dir).string() + "'",
                  by_hand(entry, "there"));
  std::string message = "there are no weights '" + name_or_path + "'; tried";
  for (const std::filesystem::path& path : candidates) message += " '" + path.string() + "'";
  message += "; reverie models list shows the published ones; shipped models:";
  const std::vector<std::string> shipped = shipped_models();
  for (const std::string& name : shipped) message += " " + name;
  std::vector<std::string> names = shipped;
  for (const CatalogueEntry& entry : model_catalogue()) names.push_back(entry.name);
  const std::string near = nearest(name_or_path, names);
  const std::string beside = hint_at_file_beside(candidates[0]);
  throw Error(ErrorKind::file, message,
              !beside.empty() ? beside
              : near.empty()  ? ""
                              : "did you mean '" + near + "'?");
}

}  // namespace reverie::engine
