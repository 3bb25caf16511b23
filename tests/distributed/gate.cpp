/// Holds the process that writes frames at its second one, until whoever started it says so: a test can then
/// kill it in the middle of a run, however fast the machine is.
///
/// REVERIE_GATE is "OUT,IN", two file descriptors: the run's name is written to the first, and one byte read
/// from the second. Without it nothing happens.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

class Gate final : public OutputSink {
 public:
  Gate(Host&, const Params&, const Setup& setup) : name_(setup.base_name + "\n") {}

  std::filesystem::path write(const at::Tensor&, std::int64_t) override {
    static int frames = 0;  // of all runs of this process
    const char* const ends = std::getenv("REVERIE_GATE");
    int out = 0, in = 0;
    if (++frames != 2 || !ends || std::sscanf(ends, "%d,%d", &out, &in) != 2) return {};
    char byte = 0;
    if (::write(out, name_.data(), name_.size()) < 0 || ::read(in, &byte, 1) < 0)
      throw Error(ErrorKind::file, "REVERIE_GATE does not name two open pipes");
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Gate, OutputSink, "gate", "1.0", "waits at the second frame", kNoParams);

}  // namespace reverie
