/// Ends its process, in each way that a plugin, a driver or the system can.

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("crash", "not", "not|segv|abort|kill|exit|at_once|thread|destructor|hang")
        .help("how the process ends"),
    integer("crash_at", 2).at_least(1).help("while this frame is written"),
};

class Crashes final : public OutputSink {
 public:
  Crashes(Host&, const Params& params, const Setup& setup)
      : start_(setup.folder / (setup.base_name + "_")),
        how_(params.get<std::string>("crash")),
        at_(params.get<std::int64_t>("crash_at")) {}

  ~Crashes() override {
    if (how_ == "destructor") std::exit(0);
  }

  std::filesystem::path write(const at::Tensor&, std::int64_t number) override {
    if (number == at_) end();
    const std::filesystem::path file = start_.string() + std::to_string(number) + ".txt";
    std::ofstream(file) << "written";
    return file;
  }

 private:
  void end() const {
    if (how_ == "segv") std::raise(SIGSEGV);
    if (how_ == "abort") std::abort();
    if (how_ == "kill") std::raise(SIGKILL);
    if (how_ == "exit") std::exit(0);
    if (how_ == "at_once") std::_Exit(0);
    if (how_ == "thread") std::thread([] { throw 1; }).join();
    if (how_ == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
  }

  std::filesystem::path start_;
  std::string how_;
  std::int64_t at_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Crashes, OutputSink, "crashes", "1.0", "ends its process", kParams);

}  // namespace reverie
