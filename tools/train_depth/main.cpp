// Trains the small depth network that ships in models/depth/.
//
//   train_depth --out models/depth/tiny_depth.safetensors [--checkpoint FILE] [--steps N] [--batch N]
//               [--fresh N] [--rate X] [--seed N]
//   train_depth --evaluate FILE [--scenes N] [--sheet FILE.ppm]
//   train_depth --sheet FILE.ppm
//
// There is no data: scenes are made up and rendered as training goes. It goes on from the checkpoint if there
// is one, with other scenes than an uninterrupted run would see. See models/README.md for the recipe and its
// figures.

#include <ATen/ATen.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>

#include "batches.h"
#include "network.h"
#include "trainer.h"
#include "weights/safetensors.h"

namespace reverie::train_depth {
namespace {

constexpr std::int64_t kShown = 40, kColumns = 10, kGuessed = 400;

/// Depths as greys, near ones light, even steps for even ratios.
at::Tensor greys(const at::Tensor& depths) {
  return (1 - (depths.clamp_min(0.3).log() - std::log(0.3)) / std::log(10 / 0.3)).expand({-1, 3, -1, -1});
}

/// `rows`, each [N, 3, H, W] 0..1, one below the other, kColumns side by side, as a PPM file.
void write_sheet(const std::string& path, const std::vector<at::Tensor>& rows) {
  std::vector<at::Tensor> lines;
  for (std::int64_t i = 0; i < rows[0].size(0); i += kColumns)
    for (const at::Tensor& row : rows) lines.push_back(at::cat(row.narrow(0, i, kColumns).unbind(), 2));
  const at::Tensor bytes =
      at::cat(lines, 1).permute({1, 2, 0}).mul(255).round().clamp(0, 255).to(at::kByte).contiguous();
  std::ofstream file(path, std::ios::binary);
  file << "P6\n" << bytes.size(1) << " " << bytes.size(0) << "\n255\n";
  file.write(static_cast<const char*>(bytes.data_ptr()), bytes.numel());
  if (!file.flush()) throw Error(ErrorKind::file, "cannot write '" + path + "'");
}

void report(const std::string& evaluated, std::int64_t scenes, const std::string& sheet) {
  if (!evaluated.empty()) {
    const Batch held_out = views(kHeldOutSeeds, scenes, tiny_depth::kSide);
    const Guesses guess = guesses(kGuessed);
    for (const auto& [name, estimate] : {std::pair{"network", trained(*weights::read_safetensors(evaluated))},
                                         {"one depth for all", guess.constant},
                                         {"one depth for each row", guess.ramp}}) {
      const Figures f = compare(estimate(held_out.pictures), held_out.depths);
      std::cout << name << ": AbsRel " << f.relative << "  RMSE(log) " << f.logarithmic << "  within 1.25 "
                << f.within << "\n";
    }
  }
  if (sheet.empty()) return;
  const Batch shown = views(kHeldOutSeeds, kShown, tiny_depth::kSide);
  std::vector<at::Tensor> rows{shown.pictures, greys(shown.depths)};
  if (!evaluated.empty())
    rows.push_back(greys(trained(*weights::read_safetensors(evaluated))(shown.pictures)));
  write_sheet(sheet, rows);
}

}  // namespace
}  // namespace reverie::train_depth

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  reverie::train_depth::Options o;
  std::string out, checkpoint, evaluate, sheet;
  std::int64_t scenes = 0;
  po::options_description help("train_depth");
  help.add_options()("help", "show this")("out", po::value(&out), "safetensors file to write")(
      "checkpoint", po::value(&checkpoint),
      "where the state of the training is kept (default: OUT.checkpoint)")(
      "steps", po::value(&o.steps)->default_value(5300), "optimisation steps")(
      "batch", po::value(&o.batch)->default_value(24), "pictures per step")(
      "fresh", po::value(&o.fresh)->default_value(4), "new scenes per step")(
      "rate", po::value(&o.rate)->default_value(2e-3), "peak learning rate")(
      "seed", po::value(&o.seed)->default_value(1), "seed of everything random")(
      "evaluate", po::value(&evaluate), "report the figures of this model instead of training")(
      "scenes", po::value(&scenes)->default_value(400), "held-out scenes to evaluate with")(
      "sheet", po::value(&sheet), "PPM file of held-out scenes, their depths and the model's");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, help), given);
    if (given.count("help")) {
      std::cout << help;
      return 0;
    }
    po::notify(given);
    o.out = out;
    o.checkpoint = checkpoint.empty() ? out + ".checkpoint" : checkpoint;
    if (!evaluate.empty() || !sheet.empty()) {
      reverie::train_depth::report(evaluate, scenes, sheet);
      return 0;
    }
    if (out.empty()) throw reverie::Error(reverie::ErrorKind::usage, "train_depth needs --out FILE");
    reverie::train_depth::train(o);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "train_depth: " << error.what() << "\n";
    return 1;
  }
}
