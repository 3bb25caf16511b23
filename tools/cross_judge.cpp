// The honest test of a guided picture: one model guides the render, another, which took no part, judges it.
//
//   cross_judge --guide tiny_vit --judge tiny_resnet --prompts tools/twenty_prompts.txt --program
//   build/release/bin/reverie
//               --out FOLDER [name=value ...]
//
// Renders every prompt of the file with the guide, then asks the judge which of all the prompts fits
// each picture best, and prints a table with the rank of the right one. Pictures that exist already in FOLDER
// are judged without rendering them again. With `--guide paint`, `reverie paint` makes the pictures and
// chooses the guides, unless `perceptors=...` is among the settings. `--every 2 --from 1` renders the first
// prompt, the third and so on; each is still ranked among all prompts of the file.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <png.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>

#include "engine/host_services.h"
#include "engine/losses.h"
#include "log/log.h"
#include "plugins/registry.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"

namespace reverie {
namespace {

namespace fs = std::filesystem;

at::Tensor read_png(const fs::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&header, path.c_str()))
    throw Error(ErrorKind::file, path.string() + ": " + header.message);
  header.format = PNG_FORMAT_RGB;
  at::Tensor pixels = at::empty({std::int64_t(header.height), std::int64_t(header.width), 3}, at::kByte);
  if (!png_image_finish_read(&header, nullptr, pixels.mutable_data_ptr(), 0, nullptr))
    throw Error(ErrorKind::file, path.string() + ": " + header.message);
  return pixels.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat) / 255;
}

/// Runs a program without a shell, so that a prompt's characters mean nothing to anybody.
void run(const std::vector<std::string>& words, const fs::path& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);  // standard output is for the table
    if (::chdir(folder.c_str()) == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorKind::plugin, "rendering '" + words[2] + "' failed");
}

struct Choice {
  std::size_t from = 1, every = 1;  // lines of the list, counted from 1
};

void judge(const std::string& guide, const std::string& judge_name, const fs::path& program,
           const fs::path& folder, const fs::path& list, const Choice& lines_to_do,
           const std::vector<std::string>& overrides) {
  std::vector<std::string> prompts;
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) prompts.push_back(line);
  if (prompts.empty()) throw Error(ErrorKind::file, "no prompts in '" + list.string() + "'");

  fs::create_directories(folder);
  std::vector<std::size_t> chosen;
  for (std::size_t i = lines_to_do.from - 1; i < prompts.size(); i += lines_to_do.every) chosen.push_back(i);
  if (chosen.empty())
    throw Error(ErrorKind::file,
                "'" + list.string() + "' has only " + std::to_string(prompts.size()) + " lines");
  std::vector<fs::path> pictures(prompts.size());
  for (const std::size_t i : chosen) {
    const std::string name = guide + "_" + std::to_string(i + 1);
    fs::path newest;
    const auto find = [&] {
      // The last frame carries the highest number.
      for (int n = 1; fs::exists(folder / "images_out" / name / (name + "_" + std::to_string(n) + ".png"));
           ++n)
        newest = folder / "images_out" / name / (name + "_" + std::to_string(n) + ".png");
    };
    find();
    if (newest.empty()) {
      std::vector<std::string> words = {program.string(), "render", "scenes=" + prompts[i],
                                        "perceptors=" + guide};
      if (guide == "paint") words = {program.string(), "paint", prompts[i]};
      words.push_back("file_namespace=" + name);
      words.insert(words.end(), overrides.begin(), overrides.end());
      run(words, folder);
      find();
    }
    pictures[i] = newest;
  }

  const fs::path prefix = program.parent_path().parent_path();
  engine::HostServices host({"cpu", 0, prefix / "share/reverie/models", "~/.cache"});
  const PluginRegistry registry(plugin_search_path({}, prefix));
  const auto weights = host.load_weights(judge_name);
  std::shared_ptr<Perceptor> perceptor;
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (!perceptor && accepts(*plugin, weights.get()))
      perceptor = create<Perceptor>(*plugin, host, default_params(*plugin), {judge_name, weights});
  if (!perceptor) throw Error(ErrorKind::model, "no perceptor understands '" + judge_name + "'");

  at::NoGradGuard no_grad;
  const at::Tensor texts = perceptor->embed_texts(prompts);
  const std::int64_t side = perceptor->input_size();
  int first = 0;
  std::cout << "| prompt | rank of the right prompt of " << prompts.size() << " | what " << judge_name
            << " saw |\n|---|---|---|\n";
  for (const std::size_t i : chosen) {
    const at::Tensor seen =
        perceptor->embed_images(at::adaptive_avg_pool2d(read_png(pictures[i]), {side, side}));
    const at::Tensor order = engine::spherical_distance(seen, texts)[0].argsort();
    std::int64_t rank = 0;
    while (order[rank].item<std::int64_t>() != static_cast<std::int64_t>(i)) ++rank;
    first += rank == 0;
    std::cout << "| " << prompts[i] << " | " << rank + 1 << " | "
              << prompts[static_cast<std::size_t>(order[0].item<std::int64_t>())] << " |\n";
  }
  std::cout << "\nguided by " << guide << ", judged by " << judge_name << ": the right prompt came first for "
            << first << " of " << chosen.size() << " pictures\n";
}

}  // namespace
}  // namespace reverie

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string guide, judge, program, out, prompts;
  std::vector<std::string> overrides;
  reverie::Choice lines;
  po::options_description options("cross_judge");
  options.add_options()("help", "show this")("guide", po::value(&guide)->required(),
                                             "model that guides the render, or paint")(
      "judge", po::value(&judge)->required(), "model that judges the pictures")(
      "program", po::value(&program)->required(), "the reverie program")("out", po::value(&out)->required(),
                                                                         "folder for the pictures")(
      "prompts", po::value(&prompts)->required(), "file with a prompt a line")(
      "from", po::value(&lines.from)->default_value(1), "first line to render")(
      "every", po::value(&lines.every)->default_value(1), "render every K-th line")(
      "override", po::value(&overrides), "name=value for the render");
  po::positional_options_description rest;
  rest.add("override", -1);
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(options).positional(rest).run(), given);
    if (given.count("help")) {
      std::cout << options;
      return 0;
    }
    po::notify(given);
    if (lines.from < 1 || lines.every < 1) throw po::error("--from and --every are at least 1");
    reverie::judge(guide, judge, std::filesystem::absolute(program), out, prompts, lines, overrides);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "cross_judge: " << error.what() << "\n";
    return 1;
  }
}
