#pragma once
// Files made by this folder's scripts, opened with the project's frame source.

#include "fixtures/plugins_under_test.h"
#include "support/written_files.h"

namespace reverie::test {

inline engine::HostServices& quiet_host() {
  static engine::HostServices host(host_options());
  return host;
}

inline std::shared_ptr<FrameSource> open_file(const fs::path& path, double frames_per_second = 0) {
  const PluginFile& plugin = plugins().find(FrameSource::kKind, "ffmpeg");
  return create<FrameSource>(plugin, quiet_host(), default_params(plugin), {path, frames_per_second});
}

inline bool accepts(const fs::path& path) {
  return plugins().find(FrameSource::kKind, "ffmpeg").load().accepts(&path);
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Sizes (int32) and values (float32) as the scripts write them.
inline at::Tensor read_tensor(const fs::path& path, std::size_t dimensions) {
  const std::string bytes = read_bytes(path);
  std::vector<std::int32_t> sizes(dimensions);
  const std::size_t header = dimensions * sizeof(std::int32_t);
  if (bytes.size() < header) throw std::runtime_error("cannot read " + path.string());
  std::memcpy(sizes.data(), bytes.data(), header);
  const std::vector<std::int64_t> shape(sizes.begin(), sizes.end());
  const std::int64_t count = std::int64_t((bytes.size() - header) / sizeof(float));
  at::Tensor values = at::empty({count}, at::kFloat);
  std::memcpy(values.mutable_data_ptr(), bytes.data() + header, bytes.size() - header);
  std::vector<std::int64_t> full = {count / std::max<std::int64_t>(1, c10::multiply_integers(shape))};
  full.insert(full.end(), shape.begin(), shape.end());
  return values.view(full);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace reverie::test
