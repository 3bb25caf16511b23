// One line on how near the plugin comes to PyTorch for one file of clip_files.py; full_size_parity.py runs
// it.

#include "perceptors/parity.h"

#include <cstdio>
#include <iostream>

int main(int argc, char** argv) {
  using namespace reverie;
  if (argc != 3) {
    std::cerr << "usage: clip_parity WEIGHTS EXPECTED\n";
    return 2;
  }
  try {
    const PluginRegistry registry({REVERIE_PLUGINS});
    HostServices host({"cpu", 1, REVERIE_MODELS, ""});
    const test::Parity parity =
        test::compare(registry.find(Perceptor::kKind, "clip"), host, argv[1], argv[2]);
    std::printf("images %.1e, gradient %.1e, texts %.1e\n", parity.images, parity.gradient, parity.texts);
    return parity.images < 1e-4 && parity.gradient < 1e-3 && parity.texts < 1e-4 ? 0 : 1;
  } catch (const Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << "\n";
    return 1;
  }
}
