#pragma once
// The project's audio filters, and what SciPy and NumPy say that they should give.

#include <fstream>
#include <sstream>

#include "fixtures/plugins_under_test.h"
#include "support/written_files.h"

namespace reverie::test {

inline std::shared_ptr<AudioFilter> filter(const std::string& name,
                                           const std::map<std::string, double>& params = {},
                                           const std::string& variable = "band") {
  static engine::HostServices host(host_options());
  const PluginFile& plugin = plugins().find(AudioFilter::kKind, name);
  Settings settings = default_params(plugin);
  for (const auto& [param, value] : params) set(settings, param, value);
  return create<AudioFilter>(plugin, host, settings, {variable});
}

inline double value_at(const AudioFilter& filter, double t) { return filter.analyse(t).at("band"); }

inline const fs::path& references() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_references.py");
  return files.path();
}

/// The lines of a file of numbers.
inline std::vector<std::vector<double>> numbers_in(const std::string& name) {
  std::ifstream file(references() / name);
  std::vector<std::vector<double>> lines;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    lines.emplace_back(std::istream_iterator<double>(words), std::istream_iterator<double>());
  }
  if (lines.empty()) throw std::runtime_error(name + " is empty");
  return lines;
}

inline std::vector<float> reference_track(double rate) {
  const std::string bytes =
      read_bytes(references() / ("track_" + std::to_string(static_cast<int>(rate)) + ".f32"));
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  return samples;
}

/// `amplitude` sin(2 pi `pitch` t), added from one moment to another.
inline void add_tone(std::vector<float>& samples, double rate, double pitch, double amplitude, double from,
                     double to) {
  for (auto i = static_cast<std::size_t>(from * rate);
       i < std::min(samples.size(), static_cast<std::size_t>(to * rate)); ++i)
    samples[i] +=
        static_cast<float>(amplitude * std::sin(6.283185307179586 * pitch * static_cast<double>(i) / rate));
}

}  // namespace reverie::test
