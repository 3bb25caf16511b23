#include "app/shared_run.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <sys/stat.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "engine/cutout_groups.h"
#include "models/sha256.h"
#include "reverie/version.h"

namespace reverie::app {

using distributed::Facts;
using distributed::Ranks;
using engine::HostServices;
using engine::kMostGroups;
using engine::RunPlugins;
using models::Sha256;
using models::sha256_of;

namespace {

void set_number(RunSettings& settings, const char* name, double number) {
  SettingValue value = *settings.find(name);
  value.null = false;
  value.number = number;
  settings.set(name, value);
}

/// The same text on two ranks: they have one kernel, and read the same files.
std::string places_of(const std::vector<std::filesystem::path>& files) {
  char name[256] = {};
  std::string kernel;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), kernel);
  std::ostringstream text;
  text << (::gethostname(name, sizeof name - 1) == 0 ? name : "") << ' ' << kernel;
  for (const std::filesystem::path& file : files) {
    struct stat about = {};
    ::stat(file.c_str(), &about);
    text << '\n' << about.st_dev << ' ' << about.st_ino;
  }
  return text.str();
}

/// By their names, since folders may differ; of several with one name, the second is "name (2)".
void add_hashes(Facts& facts, const std::vector<std::filesystem::path>& files) {
  std::map<std::string, int> names;
  for (const std::filesystem::path& file : files) {
    const std::string name = file.filename().string();
    const int number = ++names[name];
    facts.emplace_back("SHA-256 of " + name + (number > 1 ? " (" + std::to_string(number) + ")" : ""),
                       sha256_of(file));
  }
}

std::string hash_of(const at::Tensor& tensor) {
  const at::Tensor bytes = tensor.detach().to(at::kCPU).contiguous();
  Sha256 hash;
  hash.add({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
  return hash.hex();
}

}  // namespace

void agree_on_settings(RunSettings& settings, Ranks& ranks) {
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  constexpr std::uint64_t kSeeds = 4'294'967'296;
  // Also where a seed is set, since it may not be on another rank.
  const std::string of_first = ranks.gather(std::to_string(now % kSeeds))[0];
  if (!settings.has("seed")) set_number(settings, "seed", static_cast<double>(std::stoull(of_first)));
  set_number(settings, "cutout_groups", static_cast<double>(groups_for(settings, ranks.count())));
}

std::int64_t groups_for(const RunSettings& settings, std::int64_t ranks) {
  const auto wanted = settings.get<std::int64_t>("cutout_groups");
  const std::int64_t groups = wanted == 0 ? kMostGroups : wanted;
  if (ranks > groups)
    throw Error(ErrorKind::usage,
                "there are " + std::to_string(ranks) + " ranks, but the cutouts are in " +
                    std::to_string(groups) + " groups ('cutout_groups'), so some would have nothing to do",
                groups < kMostGroups ? "cutout_groups=16 lets 16 ranks work" : "start 16 ranks at most");
  return groups;
}

Facts facts_of_run(Ranks& ranks, const RunSettings& settings, const HostServices& host,
                   const RunPlugins& ensemble, std::int64_t steps) {
  Facts facts = {{"version", std::string(REVERIE_VERSION ", SDK ABI ") + std::to_string(kSdkAbi) +
                                 ", LibTorch " + TORCH_VERSION},
                 {"device", host.device().is_cpu() ? "cpu" : "cuda"},
                 {"precision", c10::toString(host.precision())},
                 {"processor", host.device().is_cpu() ? at::get_cpu_capability() : "any"},
                 {"threads", host.device().is_cpu() ? std::to_string(at::get_num_threads()) : "any"},
                 {"steps done before", std::to_string(steps)}};
  const std::vector<std::filesystem::path> files = host.used_files();
  const std::vector<std::string> places = ranks.gather(places_of(files));
  if (std::any_of(places.begin(), places.end(), [&](const std::string& other) { return other != places[0]; }))
    add_hashes(facts, files);
  std::istringstream lines(settings_yaml(settings));
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t colon = line.find(": "); colon != std::string::npos)
      facts.emplace_back("'" + line.substr(0, colon) + "'", line.substr(colon + 2));
  const at::NoGradGuard no_grad;
  facts.emplace_back("SHA-256 of the picture", hash_of(ensemble.model.instance->decode()));
  return facts;
}

}  // namespace reverie::app
