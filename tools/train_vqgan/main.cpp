// Trains the small VQGAN that ships in models/vqgan/.
//
//   train_vqgan --data FOLDER --out models/vqgan/tiny.safetensors --resnet models/tiny_resnet.safetensors
//               [--checkpoint FILE] [--steps N] [--batch N] [--rate X] [--adversary X] [--seed N]
//   train_vqgan --evaluate FILE --data FOLDER [--sheet FILE.ppm]
//
// FOLDER is made by tools/prepare_vqgan_pictures.py. Training goes on from the checkpoint if there is one,
// with other pictures than an uninterrupted run would see. See models/README.md for the recipe and its
// figures.

#include <ATen/ATen.h>

#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>

#include "trainer.h"
#include "weights/safetensors.h"

namespace reverie::train_vqgan {
namespace {

constexpr std::int64_t kEvaluated = 200, kShown = 12;  // pictures of each kind

/// Pictures above their reconstructions, [N, 3, H, W] -1..1, `columns` side by side, as a PPM file.
void write_sheet(const std::string& path, const at::Tensor& pictures, const at::Tensor& made,
                 std::int64_t columns) {
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < pictures.size(0); i += columns)
    for (const at::Tensor& kind : {pictures, made})
      rows.push_back(at::cat(kind.narrow(0, i, columns).unbind(), 2));
  const at::Tensor bytes =
      at::cat(rows, 1).permute({1, 2, 0}).add(1).mul(127.5).round().to(at::kByte).contiguous();
  std::ofstream file(path, std::ios::binary);
  file << "P6\n" << bytes.size(1) << " " << bytes.size(0) << "\n255\n";
  file.write(static_cast<const char*>(bytes.data_ptr()), bytes.numel());
  if (!file.flush()) throw Error(ErrorKind::file, "cannot write '" + path + "'");
}

void report(const Options& options) {
  const auto weights = weights::read_safetensors(options.evaluate);
  const at::Tensor pictures = samples(load_pictures(options.data).held_out, kEvaluated);
  const char* const kinds[] = {"photographs", "scenes", "drawings"};
  std::vector<at::Tensor> shown, shown_made;
  const auto say = [](const std::string& what, const Figures& f) {
    std::cout << what << ": L1 " << f.l1 << "  PSNR " << f.psnr << " dB  perplexity " << f.perplexity
              << "  codes used " << f.used << "\n";
  };
  for (int kind = 0; kind < 3; ++kind) {
    at::Tensor made;
    const at::Tensor these = pictures.narrow(0, kind * kEvaluated, kEvaluated);
    say(kinds[kind], evaluate(*weights, these, &made));
    const at::Tensor some = at::linspace(0, kEvaluated - 1, kShown).to(at::kLong);
    shown.push_back(these.index_select(0, some));
    shown_made.push_back(made.index_select(0, some));
  }
  say("all", evaluate(*weights, pictures));
  if (!options.sheet.empty()) write_sheet(options.sheet, at::cat(shown), at::cat(shown_made), kShown);
}

}  // namespace
}  // namespace reverie::train_vqgan

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  reverie::train_vqgan::Options o;
  std::string data, out, checkpoint, resnet, evaluate, sheet;
  po::options_description help("train_vqgan");
  help.add_options()("help", "show this")("data", po::value(&data)->required(),
                                          "folder made by prepare_vqgan_pictures.py")(
      "out", po::value(&out), "safetensors file to write")(
      "checkpoint", po::value(&checkpoint),
      "where the state of the training is kept (default: OUT.checkpoint)")(
      "resnet", po::value(&resnet), "CLIP ResNet whose features the perceptual loss compares")(
      "steps", po::value(&o.steps)->default_value(5000), "optimisation steps")(
      "batch", po::value(&o.batch)->default_value(24), "pictures of 64 x 64 per step")(
      "rate", po::value(&o.rate)->default_value(1e-3), "peak learning rate")(
      "adversary", po::value(&o.adversary)->default_value(0.3),
      "weight of the discriminator in the second half, by the gradient's norm; 0 for none")(
      "seed", po::value(&o.seed)->default_value(1), "seed of everything random")(
      "evaluate", po::value(&evaluate), "report the figures of this model instead of training")(
      "sheet", po::value(&sheet), "PPM file of held-out pictures above their reconstructions");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, help), given);
    if (given.count("help")) {
      std::cout << help;
      return 0;
    }
    po::notify(given);
    o.data = data, o.out = out, o.resnet = resnet, o.evaluate = evaluate, o.sheet = sheet;
    o.checkpoint = checkpoint.empty() ? out + ".checkpoint" : checkpoint;
    if (!evaluate.empty()) {
      reverie::train_vqgan::report(o);
      return 0;
    }
    if (out.empty() || resnet.empty())
      throw reverie::Error(reverie::ErrorKind::usage, "train_vqgan needs --out FILE and --resnet FILE");
    reverie::train_vqgan::train(o);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "train_vqgan: " << error.what() << "\n";
    return 1;
  }
}
